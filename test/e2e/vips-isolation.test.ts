import { afterAll, beforeAll, expect, test } from 'vitest';
import { dig, type Vantage } from './support/dig.js';
import { createHost, untilKnown, type Host } from './support/host.js';
import { knock, knockUdp } from './support/knock.js';
import { composeLabels } from './support/labels.js';
import { createNetns, type Netns } from './support/netns.js';
import { until } from './support/poll.js';
import { describeOnHost } from './support/requirements.js';
import { createVipStack, type VipStack } from './support/vips.js';

/** Another machine, on a link to this one. */
const MACHINE = '10.9.0.2';
const MACHINE_LINK = '10.9.0.1';

/**
 * What Docker would let each client do with each service: the shop's web server on the network `front`, the vault's on an internal
 * one, one that says `fairlead.expose=true`, and one whose port the host publishes.
 */
const MATRIX = {
  'a client on the network front': { web: true, db: false, api: true, shown: true },
  'a client on the internal network': { web: false, db: true, api: true, shown: false },
  'a client on both networks': { web: true, db: true, api: true, shown: true },
  'a client on a network of its own': { web: false, db: false, api: true, shown: true },
  'a client on the default bridge': { web: false, db: false, api: true, shown: true },
  'a client in the network of the host': { web: true, db: true, api: true, shown: true },
  'the host': { web: true, db: true, api: true, shown: true },
} as const;
type Client = keyof typeof MATRIX;
const SERVICES = ['web', 'db', 'api', 'shown'] as const;
const STACKS = { web: 'shop', db: 'vault', api: 'open', shown: 'port' } as const;

describeOnHost('virtual IPs and the isolation of Docker', () => {
  let host: Host;
  let machine: Netns;
  const stacks = new Map<string, VipStack>();
  const vips = new Map<string, string>();

  beforeAll(async () => {
    host = await createHost({ images: ['tools', 'node'] });
    await host.docker.cli('network', 'create', 'front');
    await host.docker.cli('network', 'create', '--internal', 'inner');
    await host.docker.cli('network', 'create', 'alone');
    for (const stack of Object.values(STACKS)) stacks.set(stack, createVipStack(host, stack));
    await host.fairlead.start();
    await Promise.all([
      stacks.get('shop')?.web('web', 1, ['--network=front']),
      // The kernel does not count replies.
      stacks.get('shop')?.dns('names', 1, '192.0.2.53', ['--label=fairlead.udp_replies=0']),
      stacks.get('vault')?.web('db', 1, ['--network=inner']),
      stacks.get('open')?.web('api', 1, ['--network=front', '--label=fairlead.expose=true']),
      stacks.get('port')?.web('shown', 1, ['--network=front', '--publish=8080:80']),
    ]);
    const client = async (name: string, ...flags: string[]): Promise<void> => {
      await host.docker.start(name, { labels: composeLabels('clients', name), flags });
    };
    await Promise.all([
      client('on-front', '--network=front'),
      client('on-inner', '--network=inner'),
      client('on-both', '--network=front'),
      client('on-alone', '--network=alone'),
      client('on-bridge'),
      client('on-host', '--network=host'),
    ]);
    await host.docker.cli('network', 'connect', 'inner', 'on-both');
    await untilKnown(host, 'on-front', 'on-inner', 'on-both', 'on-alone', 'on-bridge', 'shop-names-1');
    for (const service of SERVICES) {
      const stack = stacks.get(STACKS[service]);
      await stack?.untilTaken(service, [`${STACKS[service]}-${service}-1`]);
      vips.set(service, (await stack?.vip(service))?.vip ?? '');
    }
    machine = await createNetns(`${host.netns.name}x`, '192.0.2.9');
    const link = ['link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', machine.name];
    await host.netns.must('ip', link);
    await host.netns.must('ip', ['address', 'add', `${MACHINE_LINK}/24`, 'dev', 'wan0']);
    await host.netns.must('ip', ['link', 'set', 'wan0', 'up']);
    await machine.must('ip', ['address', 'add', `${MACHINE}/24`, 'dev', 'eth0']);
    await machine.must('ip', ['link', 'set', 'eth0', 'up']);
    await machine.must('ip', ['route', 'add', '10.43.0.0/16', 'via', MACHINE_LINK]);
  });

  afterAll(async () => {
    await machine.remove();
    await host.close();
  });

  const CONTAINERS: Readonly<Record<Client, string | undefined>> = {
    'a client on the network front': 'on-front',
    'a client on the internal network': 'on-inner',
    'a client on both networks': 'on-both',
    'a client on a network of its own': 'on-alone',
    'a client on the default bridge': 'on-bridge',
    'a client in the network of the host': 'on-host',
    'the host': undefined,
  };
  const vantage = async (client: Client): Promise<Vantage> => {
    const container = CONTAINERS[client];
    return container === undefined ? host.netns : await host.docker.inside(container);
  };
  const nameOf = (service: (typeof SERVICES)[number]): string =>
    `${service}.${STACKS[service]}.rancher.internal`;
  /** Whether a connection was taken; Docker itself would let one that is not time out. */
  const connects = async (from: Vantage, service: string): Promise<boolean> => {
    const { said } = await knock(from, vips.get(service) ?? '', 80);
    return said === 'answer';
  };
  /** A container on an internal network has no way to the DNS server: it is asked in its name. */
  const isNamed = async (client: Client, service: (typeof SERVICES)[number]): Promise<boolean> => {
    const container = CONTAINERS[client];
    const as = container === undefined || container === 'on-host' ? [] : [`--as=${container}`];
    const { stdout } = await host.fairlead.cli('query', nameOf(service), ...as, '--output=json');
    // The rule names the address to a client that is not given it, too.
    const told = { ...(JSON.parse(stdout) as object), rule: '' };
    return JSON.stringify(told).includes(vips.get(service) ?? 'no virtual IP');
  };

  for (const client of Object.keys(MATRIX) as Client[])
    test(`${client} receives, and may use, what it could reach without Fairlead`, async () => {
      const from = await vantage(client);
      // Without a default route there is no way to a virtual IP at all.
      if (client === 'a client on the internal network') {
        const container = await host.docker.inside('on-inner');
        const gateway = /gateway: (\S+)/i.exec(await gatewayOf(host, 'inner'))?.[1] ?? '';
        await container.run('ip', ['route', 'add', '10.43.0.0/16', 'via', gateway]);
      }
      const named: Record<string, boolean> = {};
      const used: Record<string, boolean> = {};
      for (const service of SERVICES) {
        named[service] = await isNamed(client, service);
        used[service] = await connects(from, service);
      }
      expect({ named, used }).toEqual({ named: MATRIX[client], used: MATRIX[client] });
    });

  const useDatagrams = async (): Promise<void> => {
    const names = (await stacks.get('shop')?.vip('names'))?.vip ?? '';
    expect(await knockUdp(await host.docker.inside('on-bridge'), names, 53)).toBe('answer');
    expect(await knockUdp(await host.docker.inside('on-alone'), names, 53)).toBe('timeout');
    expect(await knockUdp(host.netns, names, 53)).toBe('answer');
  };

  test('datagrams follow the same rule, one by one', useDatagrams);

  test('packets of another machine that routes the pool here are dropped, until vip.external lists its range', async () => {
    expect((await knock(machine, vips.get('db') ?? '', 80)).said).toBe('timeout');
    expect((await knock(machine, vips.get('api') ?? '', 80)).said).toBe('timeout');
    await host.fairlead.stop();
    await host.fairlead.start(['--set', 'vip.external=["10.9.0.0/24"]']);
    await until(
      'the machine is let in',
      () => knock(machine, vips.get('db') ?? '', 80),
      ({ said }) => said === 'answer',
      host.patience(),
    );
  });

  const joinAndLeave = async (): Promise<void> => {
    const from = await host.docker.inside('on-alone');
    expect(await connects(from, 'web')).toBe(false);
    await host.docker.cli('network', 'connect', 'front', 'on-alone');
    const follows = (is: boolean) =>
      until(
        `web can be used: ${is}`,
        () => connects(from, 'web'),
        (seen) => seen === is,
        host.patience(),
      );
    await follows(true);
    await host.docker.cli('network', 'disconnect', 'front', 'on-alone');
    await follows(false);
  };

  test(
    'a client connected to a network may use its services at once, and no longer when it leaves',
    joinAndLeave,
  );

  test('explain names the rule', async () => {
    const ruleFor = async (name: string, as: string): Promise<string> =>
      (await host.fairlead.cli('explain', name, `--as=${as}`)).stdout;
    expect(await ruleFor(nameOf('web'), 'on-front')).toContain(
      'the client may use it: it shares the network front',
    );
    expect(await ruleFor(nameOf('api'), 'on-bridge')).toContain('fairlead.expose=true');
    expect(await ruleFor(nameOf('shown'), 'on-bridge')).toContain('the host publishes the port');
    expect(await ruleFor(nameOf('db'), 'on-front')).toContain('the client may not use it');
  });

  test('the kernel lets the same clients in where it carries connections', async () => {
    await host.fairlead.stop();
    await host.fairlead.start(['--set', 'vip.dataPlane=nftables']);
    const carriers: Record<string, unknown> = {};
    for (const service of SERVICES) {
      const stack = stacks.get(STACKS[service]);
      await stack?.untilTaken(service, [`${STACKS[service]}-${service}-1`]);
      carriers[service] = (await stack?.vip(service))?.carrier?.plane;
    }
    expect(carriers).toEqual({ web: 'nftables', db: 'nftables', api: 'nftables', shown: 'nftables' });
    for (const client of Object.keys(MATRIX) as Client[]) {
      const from = await vantage(client);
      const used: Record<string, boolean> = {};
      for (const service of SERVICES) used[service] = await connects(from, service);
      expect({ client, used }).toEqual({ client, used: MATRIX[client] });
    }
    const { stdout } = await host.fairlead.cli('explain', nameOf('web'), '--as=on-front');
    expect(stdout).toMatch(/carried by nftables for br-[0-9a-f]+ and the host/);
    // Those of clients on the same network, and of the host, were the kernel's.
    const web = await stacks.get(STACKS.web)?.vip('web');
    expect(web?.total).toBeGreaterThanOrEqual(4);
    expect(web).not.toHaveProperty('bytesIn');
    expect((await stacks.get('shop')?.vip('names'))?.carrier?.plane).toBe('nftables');
    await useDatagrams();
    await joinAndLeave();
    expect((await knock(machine, vips.get('db') ?? '', 80)).said).toBe('timeout');
    expect((await knock(machine, vips.get('api') ?? '', 80)).said).toBe('timeout');
  });

  test.each(['proxy', 'nftables'])(
    'isolation: environment lets every client of the host use every service (%s)',
    async (plane) => {
      await host.fairlead.stop();
      await host.fairlead.start(['--set', 'isolation=environment', '--set', `vip.dataPlane=${plane}`]);
      const from = await host.docker.inside('on-bridge');
      await until(
        'the vault can be used',
        () => connects(from, 'db'),
        (seen) => seen,
        host.patience(),
      );
      expect(await isNamed('a client on the default bridge', 'db')).toBe(true);
      expect((await knock(machine, vips.get('db') ?? '', 80)).said).toBe('timeout');
      expect((await dig(host.netns, nameOf('db'))).answers).toEqual([vips.get('db')]);
    },
  );
});

async function gatewayOf(host: Host, network: string): Promise<string> {
  const format = '{{range .IPAM.Config}}gateway: {{.Gateway}}{{end}}';
  return await host.docker.cli('network', 'inspect', network, `--format=${format}`);
}
