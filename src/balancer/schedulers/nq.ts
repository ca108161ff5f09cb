import { isAvailable } from './available.js';
import { shortestDelay } from './backend-load.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/** Never queue (IPVS `nq`): the first destination without an open connection; when all have some, as `sed`. */
export class NeverQueue implements Scheduler {
  #destinations: readonly Destination[] = [];

  update(destinations: readonly Destination[]): void {
    this.#destinations = destinations;
  }

  pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    for (const destination of this.#destinations) {
      if (destination.active === 0 && isAvailable(destination, exclude)) return destination;
    }
    return shortestDelay(this.#destinations, exclude);
  }
}
