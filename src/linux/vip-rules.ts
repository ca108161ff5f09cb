import { formatHostPort, ipBytes, ipFromBytes, type HostPort } from '../net/ip.js';
import { nft } from './nft.js';
import { watchTable, type StopWatching } from './nft-monitor.js';

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
  /** Open to one client address. */
  readonly known: readonly (GuardedPort & { readonly client: string })[];
}

/** A table of our own. Changes to other tables do not affect it, and we remove it when we stop. */
const TABLE = 'fairlead_vip';

/**
 * Makes the kernel reserve the addresses of a pool for virtual IPs (nft(8)).
 *
 * - TCP to a redirected port goes to the listening port. TCP to any other port is refused at once, even if a process
 *   listens on all addresses of the host.
 * - Neither TCP nor UDP reaches the rules with which Docker publishes ports on every local address.
 * - No process listens on the VIP's own ports, so Docker can publish the same ports.
 *
 * The whole table is replaced in one transaction. Open connections continue.
 * @param pool CIDR, from its first address
 * @param guard undefined: all packets are let in. At an interface of clients, TCP that is not let in is refused;
 * everything else that is not let in is dropped
 * @throws Error with one line that says what to do
 */
export async function writeVipRules(
  pool: string,
  redirects: readonly Redirect[],
  guard?: VipGuard,
): Promise<void> {
  await load(script(pool, redirects, guard), cannotLead(pool));
}

/** The error message of {@link writeVipRules} for a reason from {@link tryVipRules}. */
export function vipRulesFault(pool: string, why: string): string {
  return inFull(cannotLead(pool), why);
}

function cannotLead(pool: string): string {
  return `virtual IPs of ${pool} cannot be led to their listeners`;
}

/** Has the kernel say when another program changes the rules of a pool; see {@link watchTable}. */
export function watchVipRules(pool: string, onTampered: () => void, onEnd: () => void): StopWatching {
  return watchTable(`${familyOf(pool)} ${TABLE}`, onTampered, onEnd);
}

/** Takes the rules of a pool away. @throws Error as there */
export async function removeVipRules(pool: string): Promise<void> {
  await load(emptied(familyOf(pool)), `the rules for virtual IPs of ${pool} cannot be removed`);
}

/** Why the kernel would refuse such rules, in one line; undefined if it would accept them. Changes nothing. */
export async function tryVipRules(pool: string): Promise<string | undefined> {
  const vip = nowhere(pool).ip;
  const guard: VipGuard = {
    bridges: ['docker0'],
    external: [pool],
    served: [{ vip, port: 1, protocol: 'tcp' }],
    open: [{ vip, port: 1, protocol: 'tcp' }],
    near: [{ bridge: 'docker0', vip, port: 1, protocol: 'udp' }],
    known: [{ client: vip, vip, port: 1, protocol: 'udp' }],
  };
  const rules = script(pool, [{ vip, port: 1, listenPort: 2 }], guard);
  const outcome = await nft(['--check', '-f', '-'], rules);
  return outcome.ok ? undefined : outcome.why;
}

/** The rules as the kernel reports them. */
export type VipRules =
  | {
      readonly state: 'present';
      /** Whether they are for this pool and match what {@link writeVipRules} writes. */
      readonly complete: boolean;
      readonly redirects: readonly Redirect[];
    }
  | { readonly state: 'absent' }
  /** The rules cannot be read; `why` is one line. */
  | { readonly state: 'hidden'; readonly why: string };

/** Reads the rules of a pool. Never rejects. */
export async function readVipRules(pool: string): Promise<VipRules> {
  const outcome = await nft(['-n', 'list', 'table', familyOf(pool), TABLE]);
  if (!outcome.ok)
    return /No such file/.test(outcome.why) ? { state: 'absent' } : { state: 'hidden', why: outcome.why };
  const { output } = outcome;
  const elements = output.matchAll(/([0-9a-f.:]+) \. (\d+) : [0-9a-f.:]+ \. (\d+)/g);
  return {
    state: 'present',
    complete: [`daddr ${pool} jump lead`, `daddr ${pool} jump to_listener`, 'map @ports'].every((rule) =>
      output.includes(rule),
    ),
    redirects: [...elements].map(([, vip = '', port, listenPort]) => ({
      ...{ vip, port: Number(port), listenPort: Number(listenPort) },
    })),
  };
}

function familyOf(pool: string): 'ip' | 'ip6' {
  return pool.includes(':') ? 'ip6' : 'ip';
}

/** A missing table cannot be deleted, so add it first. */
function emptied(family: 'ip' | 'ip6'): string {
  return `add table ${family} ${TABLE}\ndelete table ${family} ${TABLE}\n`;
}

function script(pool: string, redirects: readonly Redirect[], guard?: VipGuard): string {
  const family = familyOf(pool);
  const type = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr';
  const leads = redirects.map(({ vip, port, listenPort }) => `${vip} . ${port} : ${vip} . ${listenPort}`);
  const guarded = guard && guardRules(family, guard);
  // Our NAT runs before Docker's, which then sees only connections that we did not redirect. UDP is served on the port
  // itself. Untracked packets are not redirected; otherwise a client that keeps sending would stay bound to an old
  // decision.
  return `${emptied(family)}
table ${family} ${TABLE} {
  map ports {
    type ${type} . inet_service : ${type} . inet_service
    ${elements(leads)}
  }
${guard ? guardSets(family, type, guard) : ''}
  chain to_listener {
    dnat ${family} to ${family} daddr . tcp dport map @ports
    meta l4proto tcp dnat to ${formatHostPort(nowhere(pool))}
  }
  chain lead {
${guarded === undefined ? '    goto to_listener' : guarded.map((rule) => `    ${rule} goto to_listener`).join('\n')}
    meta l4proto tcp dnat to ${formatHostPort(nowhere(pool))}
  }
  chain admit {
${guarded === undefined ? '' : admitRules(family, guarded)}
  }
  chain guard {
    type filter hook prerouting priority -320
    ${family} daddr ${pool} iifname != "lo" jump admit
  }
  chain prerouting {
    type nat hook prerouting priority -110
    ${family} daddr ${pool} jump lead
  }
  chain output {
    type nat hook output priority -110
    ${family} daddr ${pool} jump to_listener
  }
  chain untracked_in {
    type filter hook prerouting priority -310
    meta l4proto udp ${family} daddr ${pool} notrack
  }
  chain untracked_out {
    type filter hook output priority -310
    meta l4proto udp ${family} daddr ${pool} notrack
    meta l4proto udp ${family} saddr ${pool} notrack
  }
}
`;
}

function guardSets(family: 'ip' | 'ip6', type: string, guard: VipGuard): string {
  const place = ({ vip, port, protocol }: GuardedPort): string => `${vip} . ${protocol} . ${port}`;
  const port = `${type} . inet_proto . inet_service`;
  const sets: readonly (readonly [name: string, type: string, members: readonly string[]])[] = [
    ['bridges', 'ifname', guard.bridges.map(quoted)],
    ['served', port, guard.served.map(place)],
    ['open', port, guard.open.map(place)],
    ['near', `ifname . ${port}`, guard.near.map((each) => `${quoted(each.bridge)} . ${place(each)}`)],
    ['known', `${type} . ${port}`, guard.known.map((each) => `${each.client} . ${place(each)}`)],
  ];
  const plain = sets.map(
    ([name, of, members]) => `  set ${name} {\n    type ${of}\n    ${elements(members)}\n  }`,
  );
  const external = guard.external.filter((range) => range.includes(':') === (family === 'ip6'));
  return [
    ...plain,
    `  set external {\n    type ${type}\n    flags interval\n    auto-merge\n    ${elements(external)}\n  }`,
  ].join('\n');
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
function admitRules(family: 'ip' | 'ip6', guarded: readonly string[]): string {
  const [, external = '', ...rest] = guarded;
  return [
    `${external} return`,
    'iifname != @bridges drop',
    'meta l4proto != udp return',
    ...rest.map((rule) => `${rule} return`),
    `${placeOf(family)} @served drop`,
  ]
    .map((rule) => `    ${rule}`)
    .join('\n');
}

function elements(members: readonly string[]): string {
  return members.length > 0 ? `elements = { ${members.join(', ')} }` : '';
}

/** An interface name, quoted because nft might give its characters a meaning. */
function quoted(name: string): string {
  return `"${name.replace(/["\\\s*]/g, '_')}"`;
}

/** Port 1 of the first address, which is never leased. No process listens there. */
function nowhere(pool: string): HostPort {
  const first = pool.slice(0, pool.indexOf('/'));
  const bytes = ipBytes(first);
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) + 1;
  return { ip: ipFromBytes(bytes) ?? first, port: 1 };
}

async function load(input: string, trouble: string): Promise<void> {
  const outcome = await nft(['-f', '-'], input);
  if (!outcome.ok) throw new Error(inFull(trouble, outcome.why));
}

function inFull(trouble: string, why: string): string {
  return `${trouble} (${why}); run as root or with CAP_NET_ADMIN, on a kernel with nf_tables and NAT`;
}
