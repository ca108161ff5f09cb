import { isAvailable } from './available.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/**
 * Round robin (IPVS `rr`): the next available destination after the last one picked. Weights do not count, except 0.
 */
export class RoundRobin implements Scheduler {
  #destinations: readonly Destination[] = [];
  #last = -1;

  update(destinations: readonly Destination[]): void {
    this.#last = this.#survivor(destinations);
    this.#destinations = [...destinations];
  }

  pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    const count = this.#destinations.length;
    for (let step = 1; step <= count; step++) {
      const at = (this.#last + step) % count;
      const destination = this.#destinations[at];
      if (!isAvailable(destination, exclude)) continue;
      this.#last = at;
      return destination;
    }
    return undefined;
  }

  /**
   * The current position of the last one picked. If it was removed, the nearest remaining one before it, so that no
   * task loses a turn.
   */
  #survivor(destinations: readonly Destination[]): number {
    const places = new Map(destinations.map((destination, place) => [destination.id, place]));
    for (let at = this.#last; at >= 0; at--) {
      const place = places.get(this.#destinations[at]?.id ?? '');
      if (place !== undefined) return place;
    }
    return -1;
  }
}
