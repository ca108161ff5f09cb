import { formatHostPort, ipBytes, ipFromBytes, type HostPort } from '../net/ip.js';
import { nft } from './nft.js';

/** Connections to a port of a VIP go to another port of it, where somebody listens. */
export interface Redirect {
  readonly vip: string;
  readonly port: number;
  readonly listenPort: number;
}

/** A table of our own: what others do in theirs does not touch it, and it goes with us. */
const TABLE = 'fairlead_vip';

/**
 * Has the kernel keep the addresses of a pool for virtual IPs (nft(8)). TCP to a port that is redirected goes to where it is
 * listened; to any other it is refused at once, also where something listens on all addresses of the host. Neither TCP nor UDP
 * falls to the rules by which Docker publishes ports on every local address. And because nobody listens at the ports
 * themselves, they can be published at the same time. The whole table is replaced, in one transaction; open connections
 * stay.
 * @param pool CIDR, from its first address
 * @throws Error with one line that says what to do
 */
export async function writeVipRules(pool: string, redirects: readonly Redirect[]): Promise<void> {
  await load(script(pool, redirects), cannotLead(pool));
}

/** What {@link writeVipRules} would say for a reason of {@link tryVipRules}. */
export function vipRulesFault(pool: string, why: string): string {
  return inFull(cannotLead(pool), why);
}

function cannotLead(pool: string): string {
  return `virtual IPs of ${pool} cannot be led to their listeners`;
}

/** Takes the rules of a pool away. @throws Error as there */
export async function removeVipRules(pool: string): Promise<void> {
  await load(emptied(familyOf(pool)), `the rules for virtual IPs of ${pool} cannot be removed`);
}

/** Why the kernel would not take such rules, in one line; undefined: it would. Nothing is changed. */
export async function tryVipRules(pool: string): Promise<string | undefined> {
  const vip = nowhere(pool).ip;
  const outcome = await nft(['--check', '-f', '-'], script(pool, [{ vip, port: 1, listenPort: 2 }]));
  return outcome.ok ? undefined : outcome.why;
}

/** The rules as the kernel has them. */
export type VipRules =
  | {
      readonly state: 'present';
      /** Whether they are of this pool, and those that {@link writeVipRules} writes. */
      readonly complete: boolean;
      readonly redirects: readonly Redirect[];
    }
  | { readonly state: 'absent' }
  /** They cannot be looked at: `why` is one line. */
  | { readonly state: 'hidden'; readonly why: string };

/** Looks at the rules of a pool. Never rejects. */
export async function readVipRules(pool: string): Promise<VipRules> {
  const outcome = await nft(['-n', 'list', 'table', familyOf(pool), TABLE]);
  if (!outcome.ok)
    return /No such file/.test(outcome.why) ? { state: 'absent' } : { state: 'hidden', why: outcome.why };
  const { output } = outcome;
  const lead = `daddr ${pool} jump lead`;
  const elements = output.matchAll(/([0-9a-f.:]+) \. (\d+) : [0-9a-f.:]+ \. (\d+)/g);
  return {
    state: 'present',
    complete: output.split(lead).length === 3 && output.includes('map @ports'),
    redirects: [...elements].map(([, vip = '', port, listenPort]) => ({
      ...{ vip, port: Number(port), listenPort: Number(listenPort) },
    })),
  };
}

function familyOf(pool: string): 'ip' | 'ip6' {
  return pool.includes(':') ? 'ip6' : 'ip';
}

/** An absent table cannot be deleted; one that is added first is there. */
function emptied(family: 'ip' | 'ip6'): string {
  return `add table ${family} ${TABLE}\ndelete table ${family} ${TABLE}\n`;
}

function script(pool: string, redirects: readonly Redirect[]): string {
  const family = familyOf(pool);
  const type = family === 'ip' ? 'ipv4_addr' : 'ipv6_addr';
  const elements = redirects.map(({ vip, port, listenPort }) => `${vip} . ${port} : ${vip} . ${listenPort}`);
  // NAT before Docker's, which sees only what is not led anywhere yet. UDP is listened for at the port itself, and what is not
  // tracked is not led anywhere: a client that goes on sending would be stuck with an answer of long ago.
  return `${emptied(family)}
table ${family} ${TABLE} {
  map ports {
    type ${type} . inet_service : ${type} . inet_service
    ${elements.length > 0 ? `elements = { ${elements.join(', ')} }` : ''}
  }
  chain lead {
    dnat ${family} to ${family} daddr . tcp dport map @ports
    meta l4proto tcp dnat to ${formatHostPort(nowhere(pool))}
  }
  chain prerouting {
    type nat hook prerouting priority -110
    ${family} daddr ${pool} jump lead
  }
  chain output {
    type nat hook output priority -110
    ${family} daddr ${pool} jump lead
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

/** Port 1 of the first address, which is never leased: nobody listens there. */
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
