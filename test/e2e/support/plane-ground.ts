import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadLibc } from '../../../src/linux/libc.js';
import type { ClientNetworks } from '../../../src/balancer/plane.js';
import { compileAgent, startAgent, type Order } from './agent.js';
import { createNetns, type Netns } from './netns.js';

const CLONE_NEWNET = 0x40000000;

/** A machine on a bridge. */
export interface Station {
  readonly ip: string;
  readonly netns: Netns;
  readonly order: Order;
}

/**
 * A host with two bridges: `br0` with the client `c1` and the servers `b1` and `b2`, `br1` with the client `c2` and the
 * server `b3`. This process is on it from {@link PlaneGround.enter} to {@link PlaneGround.leave}.
 */
export interface PlaneGround {
  readonly host: Netns;
  readonly stations: Readonly<Record<'c1' | 'b1' | 'b2' | 'c2' | 'b3', Station>>;
  /** What a client on the host itself sees. */
  readonly here: Pick<Station, 'order'>;
  readonly pool: string;
  /** The n-th virtual IP. */
  readonly vip: (n: number) => string;
  /** The host's address on a bridge. */
  readonly gateway: (bridge: 0 | 1) => string;
  readonly clients: ClientNetworks;
  /** Whether the kernel can have frames within a bridge pass the rules for packets. */
  readonly filterBridges: (on: boolean) => Promise<boolean>;
  readonly enter: () => void;
  readonly leave: () => void;
  readonly remove: () => Promise<void>;
}

export async function createPlaneGround(name: string, family: 4 | 6): Promise<PlaneGround> {
  const libc = await loadLibc();
  if ('unavailable' in libc) throw new Error(libc.unavailable);
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-planes-'));
  compileAgent(dir);
  const bits = family === 4 ? 24 : 64;
  const at = (bridge: 0 | 1, last: number): string =>
    family === 4 ? `10.${bridge === 0 ? 88 : 99}.0.${last}` : `fd${bridge === 0 ? 88 : 99}::${last}`;
  const host = await createNetns(`${name}-lb`, '192.0.2.1');
  const settings = ['net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1'];
  await host.must('sysctl', ['-qw', ...settings, 'net.ipv6.conf.default.accept_dad=0']);
  for (const bridge of [0, 1] as const) {
    await host.must('ip', ['link', 'add', `br${bridge}`, 'type', 'bridge']);
    await host.must('ip', ['address', 'add', `${at(bridge, 1)}/${bits}`, 'dev', `br${bridge}`]);
    await host.must('ip', ['link', 'set', `br${bridge}`, 'up']);
  }
  const agent = (netns: Netns): Order => startAgent(netns, dir);
  const all: Netns[] = [host];
  const plug = async (station: string, bridge: 0 | 1, last: number): Promise<Station> => {
    const netns = await createNetns(`${name}-${station}`, '192.0.2.1');
    all.push(netns);
    const peer = ['peer', 'name', 'eth0', 'netns', netns.name];
    await netns.must('sysctl', ['-qw', 'net.ipv6.conf.default.accept_dad=0']);
    await host.must('ip', ['link', 'add', `v${station}`, 'type', 'veth', ...peer]);
    await host.must('ip', ['link', 'set', `v${station}`, 'master', `br${bridge}`, 'up']);
    await netns.must('ip', ['address', 'add', `${at(bridge, last)}/${bits}`, 'dev', 'eth0']);
    await netns.must('ip', ['link', 'set', 'eth0', 'up']);
    await netns.must('ip', [`-${family}`, 'route', 'add', 'default', 'via', at(bridge, 1)]);
    return { ip: at(bridge, last), netns, order: agent(netns) };
  };
  const stations = {
    c1: await plug('c1', 0, 100),
    b1: await plug('b1', 0, 11),
    b2: await plug('b2', 0, 12),
    c2: await plug('c2', 1, 100),
    b3: await plug('b3', 1, 13),
  };
  for (const server of ['b1', 'b2', 'b3'] as const)
    await stations[server].order({ do: 'serve', name: server, tcp: 8080, udp: 5353 });
  const enter = (path: string): void => {
    const fd = openSync(path, 'r');
    if (libc.setns(fd, CLONE_NEWNET) !== 0) throw new Error(`cannot enter ${path}`);
    closeSync(fd);
  };
  const home = openSync('/proc/thread-self/ns/net', 'r');
  const pool = family === 4 ? '10.43.0.0/16' : 'fd43::/112';
  return {
    host,
    stations,
    here: { order: agent(host) },
    pool,
    vip: (n) => (family === 4 ? `10.43.0.${n + 1}` : `fd43::${(n + 1).toString(16)}`),
    gateway: (bridge) => at(bridge, 1),
    clients: {
      networks: ([0, 1] as const).map((bridge) => ({
        id: `net${bridge}`,
        subnets: [`${at(bridge, 0).replace(/:0$/, ':')}/${bits}`],
        bridge: `br${bridge}`,
        hasHost: true,
      })),
      addresses: [],
      host: [pool, '127.0.0.0/8', '::1/128', at(0, 1), at(1, 1)],
      external: [],
    },
    async filterBridges(on) {
      const key = `net.bridge.bridge-nf-call-${family === 4 ? 'ip' : 'ip6'}tables`;
      return (await host.run('sysctl', ['-qw', `${key}=${on ? 1 : 0}`])).code === 0;
    },
    enter: () => enter(host.path),
    leave: () => {
      if (libc.setns(home, CLONE_NEWNET) !== 0) process.abort();
    },
    async remove() {
      closeSync(home);
      for (const netns of all.reverse()) await netns.remove();
      rmSync(dir, { recursive: true });
    },
  };
}
