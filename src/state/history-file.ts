import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeLeftovers, writeAtomically } from './atomic-file.js';

/** The file of the state directory that holds figures of the past. */
export class HistoryFile {
  readonly #directory: () => string;

  /** @param directory the state directory; a reload may change it */
  constructor(directory: () => string) {
    this.#directory = directory;
  }

  /** @returns undefined when there is none */
  async load(): Promise<Uint8Array | undefined> {
    const path = this.#path();
    await removeLeftovers(path);
    try {
      return await readFile(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
      throw error;
    }
  }

  /** @throws the system's error */
  async save(pieces: Iterable<string | Uint8Array>): Promise<void> {
    await writeAtomically(this.#path(), pieces);
  }

  #path(): string {
    return join(this.#directory(), 'history.bin');
  }
}
