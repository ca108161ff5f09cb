import { watch as watchDirectory, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writers often take several steps (truncate, write, rename); what happens within this time is one change. */
const SETTLE_MS = 50;
/** Some file systems report nothing; a look this often finds the change all the same. */
const LOOK_MS = 2000;

/**
 * Calls back when a file may have changed, is made, or goes. The directory is watched and not the file: editors replace
 * files by renaming, and Kubernetes swaps a symbolic link beside them. Calls too often rather than too seldom.
 */
export function watchFile(path: string, onChange: () => void): { close(): void } {
  let watcher: FSWatcher | undefined;
  let settle: NodeJS.Timeout | undefined;
  let closed = false;
  let seen = '';

  const changed = () => {
    if (closed) return;
    clearTimeout(settle);
    settle = setTimeout(onChange, SETTLE_MS);
  };
  const open = () => {
    if (watcher || closed) return;
    try {
      watcher = watchDirectory(dirname(path), { persistent: false }, changed);
      watcher.on('error', () => {
        watcher?.close();
        watcher = undefined;
      });
    } catch {
      // The directory is not there yet; the next look tries again.
    }
  };
  const look = async () => {
    open();
    const now = await stat(path).then(
      ({ ino, size, mtimeMs }) => `${ino}/${size}/${mtimeMs}`,
      () => '',
    );
    if (seen !== now) changed();
    seen = now;
  };

  open();
  const timer = setInterval(() => void look(), LOOK_MS);
  timer.unref();
  return {
    close() {
      closed = true;
      clearInterval(timer);
      clearTimeout(settle);
      watcher?.close();
    },
  };
}
