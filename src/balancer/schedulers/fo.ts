import { isAvailable } from './available.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/** Weighted fail-over (IPVS `fo`): all flows to the available destination with the greatest weight, the first of several. */
export class FailOver implements Scheduler {
  #destinations: readonly Destination[] = [];

  update(destinations: readonly Destination[]): void {
    this.#destinations = destinations;
  }

  pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    let best: Destination | undefined;
    for (const destination of this.#destinations) {
      if (!isAvailable(destination, exclude)) continue;
      if (best === undefined || destination.weight > best.weight) best = destination;
    }
    return best;
  }
}
