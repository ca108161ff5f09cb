import type { HostPort } from '../net/ip.js';
import type { PassMark } from './docker-forwarding.js';
import { quoted, type NftPart, type NftSet } from './nft-table.js';

/** A port of a virtual IP that the kernel leads to tasks itself. */
export interface KernelService {
  readonly vip: string;
  readonly port: number;
  readonly protocol: 'tcp' | 'udp';
  /** The interfaces whose clients it leads; those of others go to the listener. */
  readonly bridges: readonly string[];
  /** Whether it leads connections of the host itself. */
  readonly host: boolean;
  /** How a new connection's slot is chosen: one after the other, or by the client's address, or by its port too. */
  readonly choice: 'turn' | 'client' | 'client-port';
  /** The number of the task of each slot; at least one. */
  readonly slots: readonly number[];
  /** The tasks that take new connections, by number: 32 bits, unique within the service. */
  readonly tasks: ReadonlyMap<number, HostPort>;
  /** Seconds for which a client address keeps its task. */
  readonly affinity?: number;
  /** Tasks whose own connections to this port go to the listener. */
  readonly selves: readonly string[];
}

/** What is the same for all ports that the kernel leads to tasks. */
export interface KernelClients {
  /** The sources of packets from each interface; of another source they go to the listener. CIDRs of the family. */
  readonly homes: readonly { readonly bridge: string; readonly subnet: string }[];
  /** Addresses of clients whose connections always go to the listener. */
  readonly apart: readonly string[];
  /**
   * Interfaces within which the host has to be the source of a connection, because replies would go from one to the
   * other without the host.
   */
  readonly masqueraded: readonly string[];
  /** Ways from one interface to another. */
  readonly crossings: readonly KernelCrossing[];
  /** Addresses of tasks whose replies may take another way than through the host that leads connections to them. */
  readonly several: readonly string[];
  /** What lets packets pass from one bridge to another; absent: they need no mark. */
  readonly mark?: PassMark;
}

/** A way on which connections are led from one bridge to another. */
export interface KernelCrossing {
  readonly from: string;
  readonly to: string;
  /** Whether tasks see the client's address. */
  readonly keepsSources: boolean;
}

/** The rules before those that lead to listeners. */
export interface KernelHooks {
  readonly arriving: readonly string[];
  readonly leaving: readonly string[];
  /** What is tracked although it is UDP. */
  readonly tracked: readonly string[];
}

type Family = 'ip' | 'ip6';

const PORT = 'meta l4proto . th dport';
/** The seed of the kernel's hash. All hosts have the same, so they choose alike. */
const SEED = '0x5eed';
/** How many client addresses one port remembers for affinity. */
const MAX_AFFINITY = 65_536;

/**
 * A connection that these rules do not lead to a task goes on to the rules for listeners: each of them either decides
 * all or nothing.
 */
export function kernelHooks(family: Family, pool: string): KernelHooks {
  const own = `${family} daddr ${pool}`;
  // Of the addresses of lo, the kernel takes no packet to another interface.
  const loopback = family === 'ip' ? '127.0.0.0/8' : '::1';
  return {
    arriving: [
      `${own} iifname . ${family} saddr @homes ${family} saddr != @apart ` +
        `${family} saddr . ${family} daddr . ${PORT} != @selves iifname . ${family} daddr . ${PORT} vmap @vips`,
    ],
    leaving: [`${own} ${family} saddr != ${loopback} ${family} daddr . ${PORT} vmap @vips_host`],
    tracked: [`meta l4proto udp ${family} daddr . ${PORT} @carried return`],
  };
}

/** What all ports share: maps, the way from a slot to a task, and what happens to a connection behind that. */
export function kernelPart(family: Family, pool: string, clients: KernelClients): NftPart {
  const address = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr';
  const place = `${address} . inet_proto . inet_service`;
  const set = (kind: NftSet['kind'], ...statements: string[]): NftSet => ({ kind, statements });
  const isLed = `ct original ${family} daddr ${pool}`;
  // The number of a slot or task is of no use behind the choice, and might mean something to routing.
  const clear = `ct state new ct status dnat ${isLed} meta mark set 0`;
  return {
    sets: new Map([
      ['vips', set('map', `type ifname . ${place} : verdict`)],
      ['vips_host', set('map', `type ${place} : verdict`)],
      ['carried', set('set', `type ${place}`)],
      ['slots', set('map', `type ${place} . mark : mark`)],
      ['tasks', set('map', `type ${place} . mark : ${address} . inet_service`, 'counter')],
      ['selves', set('set', `type ${address} . ${place}`)],
      ['dead', set('set', `type ${address} . inet_service . ${address} . inet_service`)],
      ['homes', set('set', `type ifname . ${address}`, 'flags interval')],
      ['apart', set('set', `type ${address}`)],
      ['masqueraded', set('set', 'type ifname . ifname')],
      ['kept', set('set', 'type ifname . ifname')],
      ['several', set('set', `type ${address}`)],
    ]),
    members: new Map([
      ['homes', keys(clients.homes.map(({ bridge, subnet }) => `${quoted(bridge)} . ${subnet}`))],
      ['apart', keys(clients.apart)],
      [
        'masqueraded',
        keys([
          ...clients.masqueraded.map((bridge) => `${quoted(bridge)} . ${quoted(bridge)}`),
          ...crossingKeys(clients, false),
        ]),
      ],
      ['kept', keys(crossingKeys(clients, true))],
      ['several', keys(clients.several)],
    ]),
    chains: new Map([
      [
        'deliver',
        [`meta l4proto { tcp, udp } dnat ${family} to ${family} daddr . ${PORT} . meta mark map @tasks`],
      ],
      ['pick', [`meta mark set ${family} daddr . ${PORT} . meta mark map @slots goto deliver`]],
      ['clear_arriving', ['type filter hook prerouting priority -90', clear]],
      ['clear_leaving', ['type filter hook output priority -90', clear]],
      [
        'source',
        [
          'type nat hook postrouting priority 95',
          `${family} daddr != ${pool} ${isLed} jump masquerade_source`,
        ],
      ],
      [
        'masquerade_source',
        [
          'iifname . oifname @masqueraded masquerade fully-random',
          // The host's own. Its source is the virtual IP, or an address that the task may have no way to.
          `fib saddr type local masquerade fully-random`,
          `iifname . oifname @kept ${family} daddr @several masquerade fully-random`,
          // The mapping to the same address keeps Docker's rules from masquerading.
          `iifname . oifname @kept snat to ${family} saddr`,
        ],
      ],
      ...(clients.mark ? Object.entries(markRules(clients.mark, isLed)) : []),
    ]),
  };
}

/** The chains that mark packets for the rules of Docker, and only for those. @param own which packets */
export function markRules(
  { value, mask }: PassMark,
  own: string,
): Readonly<Record<string, readonly string[]>> {
  const others = `meta mark & ${hex(~mask)}`;
  return {
    mark_forwarded: [
      'type filter hook forward priority -10',
      `${own} meta mark set ${others} | ${hex(value)}`,
    ],
    clear_forwarded: ['type filter hook postrouting priority -150', `${own} meta mark set ${others}`],
  };
}

function hex(bits: number): string {
  return `0x${(bits >>> 0).toString(16)}`;
}

function crossingKeys({ crossings }: KernelClients, keepsSources: boolean): readonly string[] {
  return crossings
    .filter((each) => each.keepsSources === keepsSources)
    .map(({ from, to }) => `${quoted(from)} . ${quoted(to)}`);
}

type Member = readonly [key: string, value: string];

/** The rules of one port. */
export function servicePart(family: Family, service: KernelService): NftPart {
  const { vip, port, protocol, bridges, host, slots, tasks, selves, affinity } = service;
  const place = `${vip} . ${protocol} . ${port}`;
  const chain = `${protocol}_${vip.replaceAll(':', '_')}_${port}`;
  const jump = `jump ${chain}`;
  const sticky = affinity === undefined ? undefined : `sticky_${affinity}_${chain}`;
  return {
    ...(sticky !== undefined && { sets: new Map([[sticky, stickySet(family, affinity ?? 0)]]) }),
    // Thousands of services, most without most of these: an empty map for each would cost as much as a full one.
    members: new Map(
      Object.entries({
        vips: bridges.map((bridge): Member => [`${quoted(bridge)} . ${place}`, jump]),
        vips_host: host ? [[place, jump] as const] : [],
        carried: protocol === 'udp' ? [[place, ''] as const] : [],
        slots: slots.map((task, slot): Member => [`${place} . ${slot}`, String(task)]),
        tasks: Array.from(tasks, ([number, to]): Member => [`${place} . ${number}`, `${to.ip} . ${to.port}`]),
        selves: selves.map((client): Member => [`${client} . ${place}`, '']),
      }).flatMap(([set, all]) => (all.length > 0 ? [[set, new Map(all)] as const] : [])),
    ),
    chains: new Map([[chain, choiceRules(family, service, sticky)]]),
  };
}

/** A task to which open TCP connections of a port are reset. Others may be at its address, at other ports. */
export interface DeadTask extends Pick<KernelService, 'vip' | 'port'> {
  readonly task: HostPort;
}

/** Every packet of the host would pass its chains, so they are there only as long as there is such a task. */
export function deadPart(family: Family, dead: readonly DeadTask[]): NftPart {
  if (dead.length === 0) return {};
  const members = dead.map(({ vip, port, task }) => `${vip} . ${port} . ${task.ip} . ${task.port}`);
  // nft knows how wide the port of a reply is only behind a match on TCP.
  const reset =
    `meta l4proto tcp ct direction original ct original ${family} daddr . tcp dport . ` +
    `ct reply ${family} saddr . ct reply proto-src @dead goto refuse`;
  return {
    members: new Map([['dead', keys(members)]]),
    chains: new Map([
      ['refuse', ['reject with tcp reset']],
      // Before NAT: of a bridged packet the reset would otherwise come from the task's address.
      ['reset_arriving', ['type filter hook prerouting priority -150', reset]],
      ['reset_leaving', ['type filter hook output priority -150', reset]],
    ]),
  };
}

function choiceRules(
  family: Family,
  { choice, slots, affinity = 0 }: KernelService,
  sticky: string | undefined,
): readonly string[] {
  const source = `${family} saddr`;
  const slot =
    choice === 'turn'
      ? `numgen inc mod ${slots.length}`
      : `jhash ${source}${choice === 'client-port' ? ' . th sport' : ''} mod ${slots.length} seed ${SEED}`;
  if (sticky === undefined) return [`meta mark set ${slot} goto pick`];
  // "update" prolongs an element but does not change its value; so one whose task is gone is deleted first. The timeout
  // is that of the rule, not of the element.
  const remember = `update @${sticky} { ${source} timeout ${affinity}s : meta mark }`;
  return [
    `meta mark set ${source} map @${sticky} ${remember} jump deliver`,
    `delete @${sticky} { ${source} : meta mark }`,
    `meta mark set ${slot}`,
    `meta mark set ${family} daddr . ${PORT} . meta mark map @slots`,
    remember,
    'goto deliver',
  ];
}

function stickySet(family: Family, seconds: number): NftSet {
  const type = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr';
  const statements = [
    `type ${type} : mark`,
    `size ${MAX_AFFINITY}`,
    'flags dynamic,timeout',
    `timeout ${seconds}s`,
  ];
  return { kind: 'map', statements };
}

function keys(all: readonly string[]): ReadonlyMap<string, string> {
  return new Map(all.map((key) => [key, '']));
}
