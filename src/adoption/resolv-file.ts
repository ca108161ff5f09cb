import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * A container's resolv.conf on the host. The container sees this very file through a bind mount and would not see a new
 * file of the same name, so the file is written in place. Texts are read and written byte for byte.
 */

/** @returns undefined when there is none; empty while the engine is about to write it @throws the system's error */
export function readResolvFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Replaces one text with another. Concurrent readers see either the old or the new one: it is a single write, which
 * overwrites the rest of a longer text with empty lines before the file is truncated.
 * @throws the system's error, also when there is no file, because only the engine may create it
 */
export function writeResolvFile(path: string, text: string, before: string): void {
  const file = openSync(path, 'r+');
  try {
    const padding = '\n'.repeat(Math.max(0, before.length - text.length));
    writeSync(file, Buffer.from(text + padding, 'latin1'), 0, undefined, 0);
    ftruncateSync(file, text.length);
  } finally {
    closeSync(file);
  }
}
