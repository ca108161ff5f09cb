import type { VirtualService } from '../plane.js';

type Place = Pick<VirtualService, 'vip' | 'port' | 'protocol'> & { readonly service?: string };

/**
 * The entries of `after` that are no longer the same value.
 * @returns undefined when the lists do not contain the same addresses for the same services in the same order
 */
export function updatesOf<T extends Place>(before: readonly T[], after: readonly T[]): T[] | undefined {
  if (before.length !== after.length) return undefined;
  const updates: T[] = [];
  // Thousands of entries, of which a few changed: an iterator would cost several times more than the comparison.
  for (let at = 0; at < after.length; at++) {
    const [old, each] = [before[at], after[at]];
    if (old === each) continue;
    if (!old || !each || !isSame(old, each)) return undefined;
    updates.push(each);
  }
  return updates;
}

function isSame(one: Place, other: Place): boolean {
  return (
    one.service === other.service &&
    one.vip === other.vip &&
    one.port === other.port &&
    one.protocol === other.protocol
  );
}
