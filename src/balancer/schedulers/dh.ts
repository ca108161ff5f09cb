import { hashText } from '../../net/hash-text.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';
import { SlotTable } from './slot-table.js';

/**
 * Destination hashing (IPVS `dh`, but weights count): the address that the client called decides, by a table that remembers
 * ({@link SlotTable}). All flows to one VIP go to one destination.
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
