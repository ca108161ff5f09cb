import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ProblemListJson } from '../../src/api/types/resources.js';
import type { VipListJson } from '../../src/api/types/vips-json.js';
import { CLIENT_ADDRESS, createClientNetwork, type ClientNetwork } from './support/client-network.js';
import { compile } from './support/compile.js';
import { dig } from './support/dig.js';
import { knock, knockUdp } from './support/knock.js';
import { until, untilEqual } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';

interface Finding {
  readonly check: string;
  readonly verdict: string;
  readonly message: string;
}

const POOL = 'fd00:43::/108';
const GATEWAY = 'fd00:9::1';
const FAR = 'fd00:9::2';
/** The client and the tasks are on another machine, as far as this host knows. */
const FLAGS = ['--set', `vip.pool=${POOL}`, '--set', 'vip.external=["fd00:9::/64"]'];
const WEB = 'web.shop.rancher.internal';
const DNS = 'dns.shop.rancher.internal';
const ANSWER = '192.0.2.77';

const services = {
  stacks: {
    shop: {
      services: {
        web: {
          ...{ ports: ['80/tcp'], endpoint_mode: 'vip' },
          // The second has no address of the virtual IP's family.
          tasks: [
            { name: 'shop_web_1', ip: '10.9.1.11', ip6: FAR },
            { name: 'shop_web_2', ip: '10.9.1.12' },
          ],
        },
        dns: {
          ...{ ports: ['53/udp'], endpoint_mode: 'vip' },
          // A server on all addresses answers from this one.
          tasks: [{ name: 'shop_dns_1', ip: CLIENT_ADDRESS }],
        },
      },
    },
  },
};

describeOnHost(
  'virtual IPs of IPv6',
  () => {
    let network: ClientNetwork;

    beforeAll(async () => {
      network = await createClientNetwork(services, {}, FLAGS);
      const { host, far, dir } = network;
      const give = (netns: typeof host, address: string, device: string) =>
        netns.must('ip', ['address', 'add', `${address}/64`, 'dev', device, 'nodad']);
      await Promise.all([give(host, GATEWAY, 'client0'), give(far, FAR, 'eth0')]);
      await far.must('ip', ['-6', 'route', 'add', 'default', 'via', GATEWAY]);
      const app = join(dir, 'vips');
      compile(fileURLToPath(new URL('fixtures/vips', import.meta.url)), ['web', 'dns'], app);
      const run = (program: string, ...args: string[]): void => {
        far.spawn(process.execPath, [join(app, program), ...args], {
          stdio: ['ignore', 'ignore', 'inherit'],
        });
      };
      run('web.mjs', 'web', 'any');
      run('dns.mjs', ANSWER);
      const listening = async () => (await far.run('ss', ['-lntu'])).stdout;
      await until('the tasks listen', listening, (seen) => /:80 /.test(seen) && /:53 /.test(seen));
    });

    afterAll(async () => {
      await network.close();
    });

    const addressOf = async (name: string): Promise<string> =>
      (await dig(network.far, name, 'AAAA')).answers.join();
    const carried = async (): Promise<string[]> =>
      ((await network.fairlead.api('/v1/vips')) as VipListJson).vips
        .map(({ name, port, protocol, state }) => `${name} ${port}/${protocol} ${state}`)
        .sort();

    test('are what names resolve to, for AAAA alone, and have names themselves', async () => {
      const vip = await addressOf(WEB);
      expect(vip).toMatch(/^fd00:43::/);
      expect(await dig(network.far, WEB, 'A')).toMatchObject({ status: 'NOERROR', answers: [] });
      const arpa = await network.far.run('dig', ['@169.254.169.250', '+short', '-x', vip]);
      expect(arpa.stdout.trim()).toBe(`${WEB}.`);
      expect(await carried()).toEqual(['dns.shop 53/udp up', 'web.shop 80/tcp up']);
      const { problems } = (await network.fairlead.api('/v1/problems')) as ProblemListJson;
      expect(problems).toEqual([]);
    });

    test.each(['far', 'host'] as const)(
      'lead to tasks of either family, requested from the %s',
      async (where) => {
        const [from, web, dns] = [network[where], await addressOf(WEB), await addressOf(DNS)];
        // In turn: each of the two tasks.
        for (let round = 0; round < 4; round++)
          expect(await knock(from, web, 80)).toMatchObject({ said: 'answer', body: 'web any' });
        const { vips } = (await network.fairlead.api('/v1/vips')) as VipListJson;
        const tasks = vips.find(({ name }) => name === 'web.shop')?.tasks ?? [];
        expect(tasks.map(({ address, total }) => [address, total > 0])).toEqual([
          [`[${FAR}]:80`, true],
          ['10.9.1.12:80', true],
        ]);
        expect((await dig(from, 'anything.example', 'A', { server: dns })).answers).toEqual([ANSWER]);
      },
    );

    test('refuse at once ports that the service does not have', async () => {
      const web = await addressOf(WEB);
      for (const from of [network.far, network.host]) {
        expect((await knock(from, web, 81)).said).toBe('ECONNREFUSED');
        expect(await knockUdp(from, await addressOf(DNS), 54)).toBe('ECONNREFUSED');
      }
    });

    test('are checked by the doctor, and come back when another program flushes what they need', async () => {
      const { host, fairlead } = network;
      const findings = async (): Promise<string[]> => {
        const { stdout } = await fairlead.cli('doctor', '-o', 'json', '--set', `vip.pool=${POOL}`);
        const { findings: all } = JSON.parse(stdout) as { findings: Finding[] };
        return all
          .filter(({ check, message }) => check === 'vip' && !message.startsWith('net.ipv4.'))
          .map(({ verdict, message }) => `${verdict} ${message}`);
      };
      const good = [`OK 2 ports of virtual IPs of ${POOL}: route and rules are in place`];
      expect(await findings()).toEqual(good);
      await host.must('nft', ['delete', 'element', 'ip6', 'fairlead_vip', 'ports', await elementOf(WEB)]);
      // The daemon may put them back before anybody looks: test/cli/doctor.test.ts has the words for what is missing.
      await host.must('nft', ['flush', 'ruleset']);
      await host.must('ip', ['-6', 'route', 'del', 'local', POOL, 'dev', 'lo']);
      await untilEqual('what the doctor finds', findings, good, { within: 45_000, every: 2_000 });
      expect(await knock(network.far, await addressOf(WEB), 80)).toMatchObject({ said: 'answer' });
      await fairlead.stop();
      expect(await findings()).toEqual([expect.stringMatching(/^OK virtual IPs of .* can be carried/)]);
      await host.must('ip', ['-6', 'route', 'add', 'fd00:43::5:0/112', 'dev', 'client0']);
      expect(await findings()).toEqual([
        expect.stringMatching(/^FAIL vip\.pool .* overlaps the route fd00:43::5:0\/112/),
      ]);
      // Whoever has chosen such a pool is reported at once.
      await expect(fairlead.start(FLAGS)).rejects.toThrow('ended by itself with 78');
      await host.must('ip', ['-6', 'route', 'del', 'fd00:43::5:0/112', 'dev', 'client0']);
      await fairlead.start(FLAGS);
    });

    /** What nft calls the port 80 of a name. */
    async function elementOf(name: string): Promise<string> {
      return `{ ${await addressOf(name)} . 80 }`;
    }

    test('come back after a kill, and leave nothing behind when the daemon stops', async () => {
      const { host, fairlead } = network;
      const left = async (): Promise<string> => {
        const looks = [
          host.must('nft', ['list', 'tables']),
          host.must('ip', ['-6', 'route', 'show', 'table', 'local']),
          host.must('sysctl', ['-n', 'net.ipv6.ip_nonlocal_bind']),
        ];
        return (await Promise.all(looks)).join('\n');
      };
      const web = await addressOf(WEB);
      await fairlead.crash();
      expect(await left()).toMatch(/table ip6 fairlead_vip[^]*local fd00:43::\/108[^]*\n1$/);
      await fairlead.start(FLAGS);
      expect(await addressOf(WEB)).toBe(web);
      await untilEqual('carried', carried, ['dns.shop 53/udp up', 'web.shop 80/tcp up']);
      expect(await knock(network.far, web, 80)).toMatchObject({ said: 'answer' });
      await host.must('sysctl', ['-w', 'net.ipv6.ip_nonlocal_bind=0']);
      await fairlead.stop();
      await fairlead.start(FLAGS);
      expect(await knock(network.far, web, 80)).toMatchObject({ said: 'answer' });
      await fairlead.stop();
      expect(await left()).not.toMatch(/fairlead|fd00:43|\n1$/);
    });
  },
  ['ip', 'nft', 'ss', 'sysctl', 'dig', 'nsenter'],
);
