import { hashText } from '../../net/hash-text.js';
import { sourceText } from './source-text.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';
import { SlotTable } from './slot-table.js';

/**
 * Source hashing (IPVS `sh`, with `sh-fallback`). The client's address, with `sh-port` also its port, determines the
 * destination through a table with memory ({@link SlotTable}).
 */
export class SourceHashing implements Scheduler {
  readonly #table = new SlotTable();
  readonly #seed: number;
  readonly #withPort: boolean;

  /** @param seed keys the hash; 32 bits */
  constructor(seed: number, { withPort = false } = {}) {
    this.#seed = seed;
    this.#withPort = withPort;
  }

  update(destinations: readonly Destination[]): void {
    this.#table.update(destinations);
  }

  pick(flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    return this.#table.pick(hashText(sourceText(flow, this.#withPort), this.#seed), exclude);
  }
}
