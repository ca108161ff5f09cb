import { isAvailable } from './available.js';
import { overhead } from './backend-load.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/** Least connection (IPVS `lc`): the least overhead, the first of several; weights do not count, but for 0. */
export class LeastConnection implements Scheduler {
  #destinations: readonly Destination[] = [];

  update(destinations: readonly Destination[]): void {
    this.#destinations = destinations;
  }

  pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    let best: Destination | undefined;
    for (const destination of this.#destinations) {
      if (!isAvailable(destination, exclude)) continue;
      if (best === undefined || overhead(destination) < overhead(best)) best = destination;
    }
    return best;
  }
}
