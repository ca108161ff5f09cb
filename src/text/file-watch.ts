import { watch as watchDirectory, type FSWatcher } from 'node:fs';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Writers often take several steps (truncate, write, rename). Events within this time are one change. */
const SETTLE_MS = 50;
/** Some file systems report no events, so the file is also checked at this interval. */
const LOOK_MS = 2000;

/**
 * Calls back when a file may have changed, appeared or disappeared. It watches the directory instead of the file,
 * because editors replace files by renaming, and Kubernetes swaps a symbolic link beside them. Extra calls are
 * possible; missed changes are not.
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
      // The directory does not exist yet; the next check tries again.
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
