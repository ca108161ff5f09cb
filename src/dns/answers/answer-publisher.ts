import type { Compiler } from './compiler.js';
import { slotOf, type Versions } from './versions.js';

export interface PublisherOptions {
  readonly versions: Versions;
  readonly compiler: Compiler;
  /** Gives an entry to all answering threads. */
  readonly install: (entry: Int32Array) => void;
}

/**
 * Publishes changes to the answering threads. Earlier answers are compiled again first, so that no client has to wait
 * for them, no matter how many changes come at once.
 */
export class Publisher {
  readonly #options: PublisherOptions;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  /** @param keys the changes in the current snapshot; `all`: anything may have changed */
  publish(keys: ReadonlySet<string> | 'all', serial: number): void {
    const { versions, compiler, install } = this.#options;
    const changed = keys === 'all' ? 'all' : new Set(Array.from(keys, slotOf));
    const entries = compiler.renew(changed);
    versions.publish(changed, serial);
    // Not earlier, because they would replace entries that are still valid, without answering any client yet.
    for (const entry of entries) install(entry);
  }
}
