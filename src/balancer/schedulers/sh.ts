import { hashText } from '../../net/hash-text.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';
import { SlotTable } from './slot-table.js';

/** Source hashing (IPVS `sh`, with `sh-fallback`): a client's address decides, by a table that remembers ({@link SlotTable}). */
export class SourceHashing implements Scheduler {
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
    return this.#table.pick(hashText(flow.client, this.#seed), exclude);
  }
}
