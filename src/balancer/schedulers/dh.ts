import { hashText } from '../../net/hash-text.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';
import { SlotTable } from './slot-table.js';

/**
 * Destination hashing (like IPVS `dh`, but weights count). The called address determines the destination through a
 * table with memory ({@link SlotTable}). All flows to one VIP go to one destination.
 */
export class DestinationHashing implements Scheduler {
  readonly #table = new SlotTable();
  readonly #seed: number;

  /** @param seed keys the hash; 32 bits */
  constructor(seed: number) {
    this.#seed = seed;
  }

  update(destinations: readonly Destination[]): void {
    this.#table.update(destinations);
  }

  pick(flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    return this.#table.pick(hashText(flow.vip, this.#seed), exclude);
  }
}
