import type { Compiler } from './compiler.js';
import { slotOf, type Versions } from './versions.js';

export interface PublisherOptions {
  readonly versions: Versions;
  readonly compiler: Compiler;
  /** Gives an entry to all who answer. */
  readonly install: (entry: Int32Array) => void;
}

/**
 * Lets those who answer know of changes. What was asked for before is compiled again first, so that no client has to wait for it: a change costs
 * those who ask nothing, however many there are at once.
 */
export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** @param keys what changed in the snapshot that is in force; `all`: everything may have */
  publish(keys: ReadonlySet<string> | 'all', serial: number): void {
    const { versions, compiler, install } = this.#options;
    const changed = keys === 'all' ? 'all' : new Set(Array.from(keys, slotOf));
    const entries = compiler.renew(changed);
    versions.publish(changed, serial);
    // Not before: in the place of those that are right until now they would answer no client yet.
    for (const entry of entries) install(entry);
  }
}
