import { watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/**
 * Calls `changed` when a socket file is recreated or its permissions change. A starting engine does both.
 * @returns undefined if its directory cannot be watched (it may not exist yet); else a function that ends the watch
 */
export function watchSocket(socket: string, changed: () => void): (() => void) | undefined {
  const name = basename(socket);
  try {
    const watcher = watch(dirname(socket), { persistent: false }, (_event, file) => {
      if (file === null || file === name) changed();
    });
    // The directory went away; the owner's retries continue.
    watcher.on('error', () => watcher.close());
    return () => watcher.close();
  } catch {
    return undefined;
  }
}
