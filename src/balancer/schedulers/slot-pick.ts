import { isAvailable } from './available.js';
import type { Destination } from './scheduler.js';

/**
 * The destination that a slot belongs to; when it is not available the owner of the next slot that is (IPVS calls this
 * `sh-fallback`). The same slot gives the same destination as long as the same ones are available.
 * @param table slot to index in `owners`; what is not an index there has no owner
 */
export function pickSlot(
  table: ArrayLike<number>,
  owners: readonly Destination[],
  slot: number,
  exclude: ReadonlySet<string> | undefined,
): Destination | undefined {
  const direct = owners[table[slot] ?? owners.length];
  if (isAvailable(direct, exclude)) return direct;
  // The walk is long when few slots have an available owner; when at most one destination is left there is no need of it.
  let only: Destination | undefined;
  let several = false;
  for (const owner of owners) {
    if (!isAvailable(owner, exclude)) continue;
    several = only !== undefined;
    if (several) break;
    only = owner;
  }
  if (!several) return only;
  for (let at = slot + 1; at < slot + table.length; at++) {
    const next = owners[table[at % table.length] ?? owners.length];
    if (isAvailable(next, exclude)) return next;
  }
  return only;
}
