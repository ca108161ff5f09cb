import { isAvailable } from './available.js';
import { firstBest } from './first-best.js';
import type { Destination } from './scheduler.js';

/** IPVS's connection overhead (`ip_vs_dest_conn_overhead`): a closing connection counts 1/256 of an open one. */
export function overhead({ active, inactive }: Destination): number {
  return active * 256 + inactive;
}

/**
 * The available destination with the least overhead relative to its weight; the first in case of a tie (IPVS `wlc`).
 * @param within limits the choice to these ids
 */
export function leastLoaded(
  destinations: readonly Destination[],
  exclude: ReadonlySet<string> | undefined,
  within?: ReadonlySet<string>,
): Destination | undefined {
  let best: Destination | undefined;
  let bestLoad = 0;
  for (const destination of destinations) {
    if (!isAvailable(destination, exclude) || (within !== undefined && !within.has(destination.id))) continue;
    const load = overhead(destination);
    if (best === undefined || bestLoad * destination.weight > load * best.weight) {
      best = destination;
      bestLoad = load;
    }
  }
  return best;
}

/**
 * The available destination that would have the fewest open connections relative to its weight after one more; the
 * first in case of a tie (IPVS `sed`).
 */
export function shortestDelay(
  destinations: readonly Destination[],
  exclude: ReadonlySet<string> | undefined,
): Destination | undefined {
  return firstBest(destinations, exclude, isSooner);
}

function isSooner(destination: Destination, best: Destination | undefined): boolean {
  return (
    best === undefined || (best.active + 1) * destination.weight > (destination.active + 1) * best.weight
  );
}

/**
 * Whether a destination has more open connections than its weight, while another available one has fewer than half of
 * its own weight (IPVS `is_overloaded` of lblc and lblcr).
 */
export function isOverloaded(
  destination: Destination,
  destinations: readonly Destination[],
  exclude: ReadonlySet<string> | undefined,
): boolean {
  if (destination.active <= destination.weight) return false;
  return destinations.some((other) => isAvailable(other, exclude) && other.active * 2 < other.weight);
}
