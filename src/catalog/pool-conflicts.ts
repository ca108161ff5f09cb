import { parseCidr } from '../net/ip.js';
import type { HostRange } from '../net/vip-pool.js';
import type { Network, Problem } from './model.js';

/**
 * What already uses addresses of the pool, which a virtual IP would take away from it.
 * @returns a line for each, with what to do; empty: the pool is free
 */
export function poolConflicts(
  pool: string,
  taken: { readonly routes?: Iterable<HostRange>; readonly networks?: Iterable<Network> },
): string[] {
  const networks = [...(taken.networks ?? [])].flatMap(({ name, subnets }) =>
    subnets.map((range) => ({ range, what: `the network ${JSON.stringify(name)} (${range})` })),
  );
  return [...networks, ...(taken.routes ?? [])]
    .filter(({ range }) => overlap(pool, range))
    .map(
      ({ what }) =>
        `vip.pool ${pool} overlaps ${what}; set vip.pool to a range that nothing else uses, or vip to false to do without virtual IPs`,
    );
}

/** The networks among those conflicts, as problems of a daemon that already runs. */
export function poolProblems(pool: string, networks: Iterable<Network>): Problem[] {
  return poolConflicts(pool, { networks }).map((message) => ({
    code: 'vip-pool-overlap',
    subject: `vip.pool ${pool}`,
    message,
  }));
}

/** One of two ranges that overlap holds the other. */
function overlap(a: string, b: string): boolean {
  const [left, right] = [parseCidr(a), parseCidr(b)];
  if (!left || !right) return false;
  const base = ({ text }: { readonly text: string }) => text.slice(0, text.indexOf('/'));
  return left.contains(base(right)) || right.contains(base(left));
}
