import { hashText } from '../../net/hash-text.js';
import { sourceText } from './source-text.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';
import { SlotTable } from './slot-table.js';

/**
 * Source hashing (IPVS `sh`, with `sh-fallback`): a client's address decides, with `sh-port` its port, too; by a table that remembers
 * ({@link SlotTable}).
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
