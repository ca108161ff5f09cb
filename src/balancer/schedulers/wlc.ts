import { leastLoaded } from './backend-load.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/** Weighted least connection (IPVS `wlc`): the least overhead for its weight, the first of several. */
export class WeightedLeastConnection implements Scheduler {
  #destinations: readonly Destination[] = [];

  update(destinations: readonly Destination[]): void {
    this.#destinations = destinations;
  }

  pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    return leastLoaded(this.#destinations, exclude);
  }
}
