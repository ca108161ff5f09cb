import { isAvailable } from './available.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/**
 * The available destination that is better than all others, the first of several.
 * @param isBetter whether a destination beats the best one before it; that is undefined for the first
 */
export function firstBest(
  destinations: readonly Destination[],
  exclude: ReadonlySet<string> | undefined,
  isBetter: (destination: Destination, best: Destination | undefined) => boolean,
): Destination | undefined {
  let best: Destination | undefined;
  for (const destination of destinations) {
    if (isAvailable(destination, exclude) && isBetter(destination, best)) best = destination;
  }
  return best;
}

/** A scheduler that goes by its destinations as they are and remembers no flow. */
export abstract class Forgetful implements Scheduler {
  protected destinations: readonly Destination[] = [];

  update(destinations: readonly Destination[]): void {
    this.destinations = destinations;
  }

  abstract pick(flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined;
}
