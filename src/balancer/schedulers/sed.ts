import { shortestDelay } from './backend-load.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/** Shortest expected delay (IPVS `sed`): the least (open connections + 1) for its weight, the first of several. */
export class ShortestExpectedDelay implements Scheduler {
  #destinations: readonly Destination[] = [];

  update(destinations: readonly Destination[]): void {
    this.#destinations = destinations;
  }

  pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    return shortestDelay(this.#destinations, exclude);
  }
}
