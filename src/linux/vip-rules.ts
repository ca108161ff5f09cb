import { nft } from './nft.js';
import { watchTable, type StopWatching, type WatchOptions } from './nft-monitor.js';
import { emptied, wholeTable } from './nft-table.js';
import { listenerPart, nowhere, vipTable, type Redirect, type VipGuard } from './vip-listener-table.js';

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
export function watchVipRules(
  pool: string,
  onTampered: () => void,
  onEnd: () => void,
  options?: WatchOptions,
): StopWatching {
  const { family, name } = vipTable(pool);
  return watchTable(`${family} ${name}`, onTampered, onEnd, options);
}

/** Takes the rules of a pool away. @throws Error as there */
export async function removeVipRules(pool: string): Promise<void> {
  await load(emptied(vipTable(pool)), `the rules for virtual IPs of ${pool} cannot be removed`);
}

/** Why the kernel would refuse such rules, in one line; undefined if it would accept them. Changes nothing. */
export async function tryVipRules(pool: string): Promise<string | undefined> {
  const vip = nowhere(pool).ip;
  const guard: VipGuard = {
    bridges: ['docker0'],
    external: [pool],
    served: [{ vip, port: 1, protocol: 'tcp' }],
    taskless: [{ vip, port: 2 }],
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
  const { family, name } = vipTable(pool);
  const outcome = await nft(['-n', 'list', 'table', family, name]);
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

function script(pool: string, redirects: readonly Redirect[], guard?: VipGuard): string {
  const parts = new Map([['listeners', listenerPart(pool, redirects, guard)]]);
  return wholeTable({ ...vipTable(pool), parts });
}

async function load(input: string, trouble: string): Promise<void> {
  const outcome = await nft(['-f', '-'], input);
  if (!outcome.ok) throw new Error(inFull(trouble, outcome.why));
}

function inFull(trouble: string, why: string): string {
  return `${trouble} (${why}); run as root or with CAP_NET_ADMIN, on a kernel with nf_tables and NAT`;
}
