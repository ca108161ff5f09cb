import { isAvailable } from './available.js';
import { overhead } from './backend-load.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/**
 * Power of two choices (IPVS `twos`; Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing"): draws two
 * destinations with probabilities by weight, and picks the one with less overhead relative to its weight; the first
 * draw in case of a tie. The draws are independent and may hit the same destination. Unlike IPVS's, they do not favour
 * the first destination.
 */
export class TwoChoices implements Scheduler {
  readonly #random: () => number;
  #destinations: readonly Destination[] = [];

  /** @param random returns 0 <= x < 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  update(destinations: readonly Destination[]): void {
    this.#destinations = destinations;
  }

  pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    let total = 0;
    for (const destination of this.#destinations) {
      if (isAvailable(destination, exclude)) total += destination.weight;
    }
    const first = this.#draw(this.#random() * total, exclude);
    const second = this.#draw(this.#random() * total, exclude);
    if (first === undefined || second === undefined) return first;
    return second.weight * overhead(first) > first.weight * overhead(second) ? second : first;
  }

  /** Lays the weights end to end and returns the destination at a point of the total. */
  #draw(point: number, exclude: ReadonlySet<string> | undefined): Destination | undefined {
    let left = point;
    let last: Destination | undefined;
    for (const destination of this.#destinations) {
      if (!isAvailable(destination, exclude)) continue;
      left -= destination.weight;
      if (left < 0) return destination;
      last = destination;
    }
    return last;
  }
}
