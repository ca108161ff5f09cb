import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * A container's resolv.conf, as the engine keeps it on the host. The container sees this very file by a bind mount, so
 * it is written in place: another file under its name would not be seen. Texts are read and written byte for byte.
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
 * Puts one text in the place of another. Those who read meanwhile see the one or the other: it is a single write, which
 * covers the rest of a longer text with empty lines before the file is cut.
 * @throws the system's error; also when there is no file: it is the engine's to make
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
