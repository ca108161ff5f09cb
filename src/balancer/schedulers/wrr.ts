import { isAvailable } from './available.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

interface Entry {
  readonly destination: Destination;
  /** Its credit, in units of weight. All credits add up to 0 between picks. */
  credit: number;
}

/**
 * Smooth weighted round robin, as in nginx (`ngx_http_upstream_get_peer`): each available destination is credited with
 * its weight, the one with the most credit is picked, and pays the sum of the weights. 5:1:1 gives a a b a c a a, where
 * IPVS's `wrr` gives a a a a a b c: the same shares without the burst.
 */
export class WeightedRoundRobin implements Scheduler {
  #entries: readonly Entry[] = [];
  /** Sum of the weights; no credit is greater. */
  #total = 0;

  update(destinations: readonly Destination[]): void {
    const before = new Map(this.#entries.map((entry) => [entry.destination.id, entry.credit]));
    const stayers = destinations.filter(({ id }) => before.has(id));
    // A task that leaves takes its credit or debt with it. Shift the remaining credits so that they add up to 0, where
    // new tasks start.
    const drift = stayers.reduce((sum, { id }) => sum + (before.get(id) ?? 0), 0) / stayers.length;
    // Credit earned with large weights would take too long to pay back with small ones.
    const total = destinations.reduce((sum, { weight }) => sum + Math.max(0, weight), 0);
    const scale = total > 0 && total < this.#total ? total / this.#total : 1;
    if (total > 0) this.#total = total;
    this.#entries = destinations.map((destination) => {
      const credit = before.get(destination.id);
      return { destination, credit: credit === undefined ? 0 : (credit - drift) * scale };
    });
  }

  pick(_flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    let best: Entry | undefined;
    let total = 0;
    for (const entry of this.#entries) {
      if (!isAvailable(entry.destination, exclude)) continue;
      entry.credit += entry.destination.weight;
      total += entry.destination.weight;
      if (best === undefined || entry.credit > best.credit) best = entry;
    }
    if (best === undefined) return undefined;
    best.credit -= total;
    return best.destination;
  }
}
