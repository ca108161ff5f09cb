import { formatHostPort, ipBytes, ipFromBytes, type HostPort } from '../net/ip.js';
import { kernelHooks, type KernelHooks } from './vip-kernel-table.js';
import { familyOf, quoted, type NftPart, type NftSet, type NftTable } from './nft-table.js';

/** Redirects connections from a port of a VIP to another of its ports, where a process listens. */
export interface Redirect {
  readonly vip: string;
  readonly port: number;
  readonly listenPort: number;
}

/** A port of a virtual IP. */
export type GuardedPort = Pick<Redirect, 'vip' | 'port'> & { readonly protocol: 'tcp' | 'udp' };

/** Which packets are let in, by interface and client. Packets from the host itself are not filtered. */
export interface VipGuard {
  /** The interfaces of clients. Packets that arrive on other interfaces are dropped. */
  readonly bridges: readonly string[];
  /** Ranges whose packets are let in on every interface; CIDRs of both families. */
  readonly external: readonly string[];
  /** All served ports. Packets to other ports are let in, and the host refuses them. */
  readonly served: readonly GuardedPort[];
  /** Open to everyone on one of the interfaces. */
  readonly open: readonly GuardedPort[];
  /** Open to clients on one interface. */
  readonly near: readonly (GuardedPort & { readonly bridge: string })[];
  /** UDP ports without a task: datagrams that are let in are refused. */
  readonly taskless: readonly Omit<GuardedPort, 'protocol'>[];
  /** Open to one client address. */
  readonly known: readonly (GuardedPort & { readonly client: string })[];
}

/** A table of our own. Changes to other tables do not affect it. */
const TABLE = 'fairlead_vip';

/** The table for the virtual IPs of a pool, without parts. @param pool CIDR, from its first address */
export function vipTable(pool: string): Omit<NftTable, 'parts'> {
  return { family: familyOf(pool), name: TABLE };
}

/**
 * The rules that lead connections to listeners.
 * @param guard undefined: all packets are let in
 * @param isCarried whether the kernel leads some of them to tasks itself, by the part of `vip-kernel-table.ts`
 */
export function listenerPart(
  pool: string,
  redirects: readonly Redirect[],
  guard?: VipGuard,
  isCarried = false,
): NftPart {
  const { family } = vipTable(pool);
  const type = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr';
  const leads = redirects.map(
    ({ vip, port, listenPort }) => [`${vip} . ${port}`, `${vip} . ${listenPort}`] as const,
  );
  const guarded = guard && guardRules(family, guard);
  const first: KernelHooks = isCarried
    ? kernelHooks(family, pool)
    : { arriving: [], leaving: [], tracked: [] };
  const nothing = `meta l4proto tcp dnat to ${formatHostPort(nowhere(pool))}`;
  // Our NAT runs before Docker's, which then sees only connections that we did not redirect. UDP is served on the port
  // itself. Untracked packets are not redirected; otherwise a client that keeps sending would stay bound to an old
  // decision.
  return {
    sets: new Map<string, NftSet>([
      ['ports', { kind: 'map', statements: [`type ${type} . inet_service : ${type} . inet_service`] }],
      ...(guard ? guardSets(type) : []),
    ]),
    members: new Map([['ports', new Map(leads)], ...(guard ? guardMembers(family, guard) : [])]),
    chains: new Map<string, readonly string[]>([
      ['to_listener', [`dnat ${family} to ${family} daddr . tcp dport map @ports`, nothing]],
      [
        'lead',
        [
          ...(guarded === undefined
            ? ['goto to_listener']
            : guarded.map((rule) => `${rule} goto to_listener`)),
          nothing,
        ],
      ],
      ['admit', guarded === undefined ? [] : admitRules(family, guarded)],
      [
        'guard',
        ['type filter hook prerouting priority -320', `${family} daddr ${pool} iifname != "lo" jump admit`],
      ],
      ...(guard
        ? [
            [
              'refuse_taskless',
              [
                // Earlier hooks cannot answer with ICMP on kernels before 5.9.
                'type filter hook input priority -10',
                `meta l4proto udp ${family} daddr . udp dport @taskless reject`,
              ],
            ] as const,
          ]
        : []),
      [
        'prerouting',
        ['type nat hook prerouting priority -110', ...first.arriving, `${family} daddr ${pool} jump lead`],
      ],
      [
        'output',
        ['type nat hook output priority -110', ...first.leaving, `${family} daddr ${pool} jump to_listener`],
      ],
      [
        'untracked_in',
        [
          'type filter hook prerouting priority -310',
          ...first.tracked,
          `meta l4proto udp ${family} daddr ${pool} notrack`,
        ],
      ],
      [
        'untracked_out',
        [
          'type filter hook output priority -310',
          ...first.tracked,
          `meta l4proto udp ${family} daddr ${pool} notrack`,
          `meta l4proto udp ${family} saddr ${pool} notrack`,
        ],
      ],
    ]),
  };
}

/** Port 1 of the first address, which is never leased. No process listens there. */
export function nowhere(pool: string): HostPort {
  const first = pool.slice(0, pool.indexOf('/'));
  const bytes = ipBytes(first);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) + 1;
  return { ip: ipFromBytes(bytes) ?? first, port: 1 };
}

function guardSets(type: string): readonly (readonly [name: string, set: NftSet])[] {
  const port = `${type} . inet_proto . inet_service`;
  const set = (of: string, ...flags: string[]): NftSet => ({
    kind: 'set',
    statements: [`type ${of}`, ...flags],
  });
  return [
    ['bridges', set('ifname')],
    ['served', set(port)],
    ['open', set(port)],
    ['near', set(`ifname . ${port}`)],
    ['known', set(`${type} . ${port}`)],
    ['taskless', set(`${type} . inet_service`)],
    ['external', set(type, 'flags interval', 'auto-merge')],
  ];
}

function guardMembers(
  family: 'ip' | 'ip6',
  guard: VipGuard,
): readonly (readonly [name: string, members: ReadonlyMap<string, string>])[] {
  const place = ({ vip, port, protocol }: GuardedPort): string => `${vip} . ${protocol} . ${port}`;
  const members = (keys: readonly string[]): ReadonlyMap<string, string> =>
    new Map(keys.map((key) => [key, '']));
  return [
    ['bridges', members(guard.bridges.map(quoted))],
    ['served', members(guard.served.map(place))],
    ['open', members(guard.open.map(place))],
    ['near', members(guard.near.map((each) => `${quoted(each.bridge)} . ${place(each)}`))],
    ['known', members(guard.known.map((each) => `${each.client} . ${place(each)}`))],
    ['taskless', members(guard.taskless.map(({ vip, port }) => `${vip} . ${port}`))],
    ['external', members(guard.external.filter((range) => range.includes(':') === (family === 'ip6')))],
  ];
}

function placeOf(family: 'ip' | 'ip6'): string {
  return `${family} daddr . meta l4proto . th dport`;
}

/** The conditions that let a packet in. The caller appends a verdict to each. */
function guardRules(family: 'ip' | 'ip6', guard: VipGuard): string[] {
  const place = placeOf(family);
  return [
    'iifname "lo"',
    `${family} saddr @external`,
    ...(guard.open.length > 0 ? [`${place} @open`] : []),
    ...(guard.near.length > 0 ? [`iifname . ${place} @near`] : []),
    ...(guard.known.length > 0 ? [`${family} saddr . ${place} @known`] : []),
  ];
}

/**
 * Datagrams are decided one by one. For connections the first packet decides: if it is not let in, it is redirected to
 * nowhere, which refuses the connection.
 */
function admitRules(family: 'ip' | 'ip6', guarded: readonly string[]): string[] {
  const [, external = '', ...rest] = guarded;
  return [
    `${external} return`,
    'iifname != @bridges drop',
    'meta l4proto != udp return',
    ...rest.map((rule) => `${rule} return`),
    `${placeOf(family)} @served drop`,
  ];
}
