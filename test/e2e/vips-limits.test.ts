import { afterAll, beforeAll, expect, test } from 'vitest';
import { createHost, untilKnown, type Host } from './support/host.js';
import { composeLabels } from './support/labels.js';
import { until } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';
import { createVipStack, type VipStack } from './support/vips.js';

const CLIENT = 'shop-client-1';
const WEB = 'shop-web-1';
/** Ports of the host from which it connects to a task. */
const PORTS = 64;

/** $1 and $2 are address and port, $3 how often. Prints what became of each attempt to connect, and what the server said. */
const KNOCKS = `
const [ip, port, times] = process.argv.slice(1);
const net = require('node:net');
const seen = {};
const count = (what) => (seen[what] = (seen[what] ?? 0) + 1);
(async () => {
  for (let n = 0; n < Number(times); n++)
    await new Promise((resolve) => {
      const socket = net.connect({ host: ip, port: Number(port) });
      let said = '';
      socket.on('connect', () => (count('connected'), socket.write('GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')));
      // The client ends first, so that the host has to keep the port of its connection to the task.
      socket.on('data', (piece) => ((said += piece), socket.end()));
      socket.on('error', ({ code }) => count(code));
      socket.on('close', () => (said && count('answered'), resolve()));
    });
  console.log(JSON.stringify(seen));
})();
`;

describeOnHost('limits of virtual IPs', () => {
  let host: Host;
  let shop: VipStack;

  beforeAll(async () => {
    host = await createHost({ images: ['tools', 'node'] });
    shop = createVipStack(host, 'shop');
    const sysctls = [`net.ipv4.ip_local_port_range=40001 ${40_000 + PORTS}`, 'net.ipv4.tcp_tw_reuse=0'];
    for (const sysctl of sysctls) await host.netns.must('sysctl', ['-w', sysctl]);
    await host.fairlead.start();
    await host.docker.start(CLIENT, { labels: composeLabels('shop', 'client') });
    await untilKnown(host, CLIENT);
  });

  afterAll(() => host.close());

  const knocks = async (ip: string, times: number): Promise<Record<string, number>> => {
    const inside = await host.docker.inside(CLIENT);
    const { stdout } = await inside.run(process.execPath, ['--eval', KNOCKS, ip, '80', String(times)]);
    return JSON.parse(stdout) as Record<string, number>;
  };

  test('without a task the first packet is refused, every time', async () => {
    await shop.web('web', 1);
    await shop.untilTaken('web', [WEB]);
    const { vip } = await shop.vip('web');
    await host.docker.cli('stop', '--time=5', WEB);
    const state = async () => (await shop.vip('web')).state;
    await until('it is empty', state, (seen) => seen === 'empty', host.patience());
    const seen = await knocks(vip, 30);
    console.log(`30 connections with no task there: ${JSON.stringify(seen)}`);
    expect(seen).toEqual({ ECONNREFUSED: 30 });
    // As an operator would try it, from a container and from the host.
    for (const from of [await host.docker.inside(CLIENT), host.netns]) {
      const { code, stderr } = await from.run('bash', ['-c', `echo >/dev/tcp/${vip}/80`]);
      expect([code, stderr]).toEqual([1, expect.stringContaining('Connection refused')]);
    }
    await host.docker.cli('start', WEB);
    await shop.untilTaken('web', [WEB]);
    expect(await knocks(vip, 1)).toEqual({ connected: 1, answered: 1 });
    await host.docker.remove(WEB);
  });

  test('more connections than the host has ports: they come from its other addresses, and status says so', async () => {
    await shop.web('web', 2);
    await shop.untilTaken('web', ['shop-web-2']);
    const { vip } = await shop.vip('web');
    const few = await knocks(vip, PORTS / 2);
    expect(few).toEqual({ connected: PORTS / 2, answered: PORTS / 2 });
    const problems = async (): Promise<readonly string[]> =>
      (await host.fairlead.status()).problems.map(({ code }) => code);
    expect(await problems()).not.toContain('vip-ports');
    // As many again as one address has: the rest comes from the virtual IP, and from the bridge of another network.
    const more = await knocks(vip, PORTS);
    console.log(`${PORTS * 1.5} connections with ${PORTS} ports: ${JSON.stringify([few, more])}`);
    expect(more).toEqual({ connected: PORTS, answered: PORTS });
    await until(
      'all ports of all addresses are used up',
      () => knocks(vip, PORTS),
      ({ answered = 0 }) => answered < PORTS,
      host.patience(),
    );
    await until('status says so', problems, (codes) => codes.includes('vip-ports'), host.patience());
    expect(host.fairlead.log()).toContain('this host has no port left for connections to shop-web-2');
    const { stdout } = await host.fairlead.cli('doctor');
    expect(stdout).toContain('net.ipv4.ip_local_port_range is 40001 to 40064');
    // As status and doctor advise.
    await host.netns.must('sysctl', ['-w', 'net.ipv4.tcp_tw_reuse=1']);
    await until(
      'ports are used again',
      () => knocks(vip, PORTS),
      ({ answered = 0 }) => answered === PORTS,
      host.patience(),
    );
  });
});
