import { createServer, type Server } from 'node:http';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dig } from './support/dig.js';
import { createFairlead, type Fairlead } from './support/fairlead.js';
import { HOST_ADDRESS, UPSTREAM_ADDRESS } from './support/host.js';
import { createNetns, type Netns } from './support/netns.js';
import { until } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';
import { startUpstream, type UpstreamRecords } from './support/upstream.js';
import { createWorkspace } from './support/workspace.js';

/** A server that takes queries and answers none. */
const SILENT = '127.0.0.66';
const FORGED = 300;

/** Docker's networks, and a container's place on each. */
const NETWORKS = [
  { name: 'shop', subnet: '172.30.1.0/24', gateway: '172.30.1.1', member: '172.30.1.10' },
  { name: 'other', subnet: '172.30.3.0/24', gateway: '172.30.3.1', member: '172.30.3.10' },
] as const;
const [{ member: VICTIM }, { gateway: GATEWAY }] = NETWORKS;

/** `forge.mjs FROM COUNT`: asks for names that nobody answers, with another's address as its own. */
const FORGER = `
import { createSocket } from 'node:dgram';
const [from, count] = process.argv.slice(2);
const socket = createSocket('udp4');
socket.bind({ address: from, port: 40000 }, async () => {
  for (let n = 0; n < Number(count); n++) {
    const head = Buffer.from([n >> 8, n & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    const labels = ['n' + n, 'hang', 'example'].map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)]));
    const query = Buffer.concat([head, ...labels, Buffer.of(0, 0, 1, 0, 1)]);
    await new Promise((sent) => socket.send(query, 53, '169.254.169.250', sent));
  }
  socket.close();
});
`;

/** An engine that has networks and no containers. */
function startEngine(path: string): Promise<Server> {
  const networks = NETWORKS.map(({ name, subnet, gateway }) => ({
    ...{ Id: name.repeat(8), Name: name, Driver: 'bridge', Internal: false },
    IPAM: { Config: [{ Subnet: subnet, Gateway: gateway }] },
    Options: { 'com.docker.network.bridge.name': name },
  }));
  const server = createServer(({ url = '' }, response) => {
    response.setHeader('Api-Version', '1.41');
    response.setHeader('Content-Type', 'application/json');
    if (url.includes('/events')) response.flushHeaders();
    else if (url.includes('/_ping')) response.end('OK');
    else if (url.includes('/networks')) response.end(JSON.stringify(networks));
    else response.end(url.includes('/containers/json') ? '[]' : '{}');
  });
  return new Promise((resolve) => {
    server.listen(path, () => resolve(server));
  });
}

describeOnHost(
  'a container that sends with the address of one on another network',
  () => {
    const undo: (() => unknown)[] = [];
    let [host, victim, forger]: Netns[] = [];
    let fairlead: Fairlead;
    let script: string;

    beforeAll(async () => {
      const workspace = await createWorkspace();
      undo.push(() => workspace.remove());
      const { dir, netnsName } = workspace;
      host = await createNetns(netnsName, HOST_ADDRESS);
      undo.push(() => host?.remove());
      const members: Netns[] = [];
      for (const { name, gateway, member } of NETWORKS) {
        const inside = await createNetns(`${netnsName}${name}`, '192.0.2.9');
        undo.push(() => inside.remove());
        members.push(inside);
        const peer = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', inside.name];
        await host.must('ip', ['link', 'add', name, 'type', 'bridge']);
        await host.must('ip', ['address', 'add', `${gateway}/24`, 'dev', name]);
        await host.must('ip', ['link', 'add', `${name}0`, ...peer]);
        await host.must('ip', ['link', 'set', `${name}0`, 'master', name, 'up']);
        await host.must('ip', ['link', 'set', name, 'up']);
        await inside.must('ip', ['address', 'add', `${member}/24`, 'dev', 'eth0']);
        await inside.must('ip', ['link', 'set', 'eth0', 'up']);
        await inside.must('ip', ['route', 'add', 'default', 'via', gateway]);
      }
      [victim, forger] = members;
      // What a host may have: nothing else keeps forged sources away.
      for (const which of ['all', 'default', ...NETWORKS.map(({ name }) => name)])
        await host.must('sysctl', ['-qw', `net.ipv4.conf.${which}.rp_filter=0`]);
      const engine = await startEngine(join(dir, 'engine.sock'));
      undo.push(() => {
        engine.closeAllConnections();
        engine.close();
      });
      const records: UpstreamRecords = Object.fromEntries(
        Array.from({ length: 8 }, (_, n) => [`name${n}.example.org`, { A: [`192.0.2.${50 + n}`] }] as const),
      );
      await startUpstream(host, UPSTREAM_ADDRESS, records);
      const silence = `require('dgram').createSocket('udp4').bind(53, '${SILENT}')`;
      host.spawn(process.execPath, ['-e', silence], { stdio: 'ignore' });
      fairlead = createFairlead(host, dir, {
        hostAddress: HOST_ADDRESS,
        upstreams: [`${UPSTREAM_ADDRESS}:53`],
        sources: { docker: { socket: join(dir, 'engine.sock') } },
      });
      undo.push(() => fairlead.stop());
      await fairlead.start(['--set', `dns.forward={"hang.example":["${SILENT}:53"]}`]);
      script = join(dir, 'forge.mjs');
      writeFileSync(script, FORGER);
    });

    afterAll(async () => {
      while (undo.length > 0) await undo.pop()?.();
    });

    const dropped = async (): Promise<number> => {
      const table = ['list', 'table', 'inet', 'fairlead_dns_169_254_169_250_53'];
      const stdout = (await host?.run('nft', table))?.stdout ?? '';
      return stdout.includes('172.30.1.0/24') ? Number(/counter packets (\d+)/.exec(stdout)?.[1] ?? -1) : -1;
    };
    const answers = async (from: Netns | undefined, name: string): Promise<string> =>
      from ? (await dig(from, name)).answers.join() : '';

    test('does not spend the share of upstream servers that is the other one’s', async () => {
      await until('the rules are there', dropped, (count) => count === 0, { context: fairlead.log });
      // The gateway is known before the address is another's.
      await forger?.must('ping', ['-c1', GATEWAY]);
      await forger?.must('ip', ['address', 'add', `${VICTIM}/32`, 'dev', 'eth0']);
      await forger?.must(process.execPath, [script, VICTIM, String(FORGED)]);
      await until('all are dropped', dropped, (count) => count === FORGED, { context: fairlead.log });
      const names = Array.from({ length: 8 }, (_, n) => `name${n}.example.org`);
      expect(await Promise.all(names.map((name) => answers(victim, name)))).toEqual(
        names.map((_, n) => `192.0.2.${50 + n}`),
      );
    });

    test('is answered when it sends with its own address', async () => {
      expect(await answers(forger, 'name0.example.org')).toBe('192.0.2.50');
    });

    test('is kept away again after the rules were flushed', async () => {
      await host?.must('nft', ['flush', 'ruleset']);
      await until('the rules are back', dropped, (count) => count === 0, { context: fairlead.log });
      await forger?.must(process.execPath, [script, VICTIM, '10']);
      await until('all are dropped', dropped, (count) => count === 10, { context: fairlead.log });
    });
  },
  ['ip', 'nft', 'dig', 'nsenter', 'sysctl', '/usr/bin/ping'],
);
