import { isAvailable } from './available.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/**
 * Overflow (IPVS `ovf`): the greatest weight among those with no more open connections than their weight, the first of
 * several. So each is filled with weight + 1 connections, then the next one; when all are full no task takes the flow.
 */
export class Overflow implements Scheduler {
  #destinations: readonly Destination[] = [];

  update(destinations: readonly Destination[]): void {
    this.#destinations = destinations;
  }

  pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    let best: Destination | undefined;
    for (const destination of this.#destinations) {
      if (destination.active > destination.weight || !isAvailable(destination, exclude)) continue;
      if (best === undefined || destination.weight > best.weight) best = destination;
    }
    return best;
  }
}
