import { parseCidr } from '../net/ip.js';
import type { HostRange } from '../net/vip-pool.js';
import type { Network, Problem } from './model.js';

/**
 * Existing uses of the pool's addresses that virtual IPs would break.
 * @returns one line per conflict, with what to do; empty if the pool is free
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
        `vip.pool ${pool} overlaps ${what}; set vip.pool to an unused range, or set vip to false to run without virtual IPs`,
    );
}

/** The conflicts with networks, as problems of a running daemon. */
export function poolProblems(pool: string, networks: Iterable<Network>): Problem[] {
  return poolConflicts(pool, { networks }).map((message) => ({
    code: 'vip-pool-overlap',
    subject: `vip.pool ${pool}`,
    message,
  }));
}

/** If two CIDR ranges overlap, one contains the other. */
function overlap(a: string, b: string): boolean {
  const [left, right] = [parseCidr(a), parseCidr(b)];
  if (!left || !right) return false;
  const base = ({ text }: { readonly text: string }) => text.slice(0, text.indexOf('/'));
  return left.contains(base(right)) || right.contains(base(left));
}
