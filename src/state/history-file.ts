import { join } from 'node:path';
import { readIfThere, writeAtomically } from './atomic-file.js';

/** The file of the state directory that holds figures of the past. */
export class HistoryFile {
  readonly #directory: () => string;

  /** @param directory the state directory; a reload may change it */
  constructor(directory: () => string) {
    this.#directory = directory;
  }

  /** @returns undefined when there is none */
  async load(): Promise<Uint8Array | undefined> {
    return await readIfThere(this.#path());
  }

  /** @throws the system's error */
  async save(pieces: Iterable<string | Uint8Array>): Promise<void> {
    await writeAtomically(this.#path(), pieces);
  }

  #path(): string {
    return join(this.#directory(), 'history.bin');
  }
}
