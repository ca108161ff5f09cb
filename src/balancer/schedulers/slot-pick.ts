import { isAvailable } from './available.js';
import type { Destination } from './scheduler.js';

/**
 * The owner of a slot. If it is not available, the owner of the next slot whose owner is (IPVS calls this
 * `sh-fallback`). A slot leads to the same destination as long as the same destinations are available.
 * @param table slot to index in `owners`; any other number means no owner
 */
export function pickSlot(
  table: ArrayLike<number>,
  owners: readonly Destination[],
  slot: number,
  exclude: ReadonlySet<string> | undefined,
): Destination | undefined {
  const direct = owners[table[slot] ?? owners.length];
  if (isAvailable(direct, exclude)) return direct;
  // The walk is long when few slots have an available owner. With at most one destination left, it is unnecessary.
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
