import { describe, expect, it } from 'vitest';
import { wholeTable } from '../../src/linux/nft-table.js';
import { deadPart, kernelPart, servicePart, type KernelService } from '../../src/linux/vip-kernel-table.js';
import { listenerPart, vipTable } from '../../src/linux/vip-listener-table.js';

type Family = 'ip' | 'ip6';

const POOLS = { ip: '10.43.0.0/16', ip6: 'fd43::/112' } as const;
const SUBNETS = { ip: '10.88.0.0/24', ip6: 'fd88::/64' } as const;
const vipOf = (family: Family, n: number): string => (family === 'ip' ? `10.43.0.${n}` : `fd43::${n}`);
const taskOf = (family: Family, n: number): string => (family === 'ip' ? `10.88.0.${n}` : `fd88::${n}`);

/** A table with every kind of rule. */
function rulesOf(family: Family): string {
  const pool = POOLS[family];
  const vip = vipOf(family, 2);
  const service: KernelService = {
    ...{ vip, port: 80, protocol: 'tcp', bridges: ['br0'], host: true, choice: 'turn', slots: [7, 8] },
    tasks: new Map([7, 8].map((number) => [number, { ip: taskOf(family, number), port: 8080 }])),
    selves: [taskOf(family, 7)],
  };
  const guarded = { vip, port: 80, protocol: 'tcp' } as const;
  const guard = {
    ...{ bridges: ['br0'], external: Object.values(SUBNETS), served: [guarded], open: [guarded] },
    taskless: [{ vip, port: 53 }],
    ...{ near: [{ ...guarded, bridge: 'br0' }], known: [{ ...guarded, client: taskOf(family, 9) }] },
  };
  const clients = {
    homes: [{ bridge: 'br0', subnet: SUBNETS[family] }],
    ...{ apart: [taskOf(family, 9)], masqueraded: ['br0'] },
    ...{ crossings: [], several: [] },
  };
  const parts = new Map([
    ['listeners', listenerPart(pool, [{ vip, port: 80, listenPort: 40_001 }], guard, true)],
    ['kernel', kernelPart(family, pool, clients)],
    ['dead', deadPart(family, [{ vip, port: 80, task: { ip: taskOf(family, 8), port: 8080 } }])],
    ['turn', servicePart(family, service)],
    ['sticky', servicePart(family, { ...service, port: 81, affinity: 60 })],
    ['client', servicePart(family, { ...service, port: 82, choice: 'client' })],
    ['port', servicePart(family, { ...service, port: 53, protocol: 'udp', choice: 'client-port' })],
  ]);
  return wholeTable({ ...vipTable(pool), parts });
}

/** The same words for what is written differently. */
const inWordsOfIpv4 = (text: string): string =>
  text
    .replaceAll(/\bip6\b/g, 'ip')
    .replaceAll('ipv6_addr', 'ipv4_addr')
    .replaceAll(/fd(43|88)::\/\d+/g, (_, net: string) => (net === '43' ? POOLS.ip : SUBNETS.ip))
    .replaceAll(/\[fd43::1\]/g, '10.43.0.1')
    .replaceAll(/fd(43|88)(?:::|__)(\d+)/g, '10.$1.0.$2')
    .replaceAll(/ ::1 /g, ' 127.0.0.0/8 ');

describe('the rules of virtual IPs', () => {
  it('are the same for IPv6', () => {
    const [four, six] = [rulesOf('ip'), rulesOf('ip6')];
    expect(six).toMatch(/^add table ip6 /);
    expect(inWordsOfIpv4(six)).toBe(four);
    expect(four.match(/\bip6\b|ipv6/g)).toBeNull();
  });

  it('reset connections to a task by its port, too: another task may have the same address', () => {
    expect(rulesOf('ip')).toContain('elements = { 10.43.0.2 . 80 . 10.88.0.8 . 8080 }');
  });
});
