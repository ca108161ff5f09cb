import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Calls `changed` when a socket file is made again or its rights change: a starting engine does both.
 * @returns undefined when its folder cannot be watched (it may not exist yet); else a function that ends the watch
 */
export function watchSocket(socket: string, changed: () => void): (() => void) | undefined {
  const name = basename(socket);
  try {
    const watcher = watch(dirname(socket), { persistent: false }, (_event, file) => {
      if (file === null || file === name) changed();
    });
    // The folder went away: the retries of the owner go on.
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return undefined;
  }
}
