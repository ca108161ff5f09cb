import type { Log } from '../net/log.js';
import { ambientCapabilities, withoutAmbient } from './ambient.js';
import { loadLibc } from './libc.js';
import { OrphanReaper } from './orphans.js';

/** What the processes that Fairlead starts for templates need of the system. */
export interface ChildKeeper {
  /** Starts a program without the capabilities that Fairlead itself was given. */
  withoutRights: <T>(work: () => T) => T;
  stop(): void;
}

/**
 * Prepares for children. As process 1 of a container, Fairlead takes away processes that have lost their parents; where
 * that is not possible it says so.
 */
export async function keepChildren(
  log: Log,
  pid = process.pid,
  load: typeof loadLibc = loadLibc,
): Promise<ChildKeeper> {
  const libc = await load();
  if ('unavailable' in libc) {
    const why = libc.unavailable;
    if (pid === 1)
      log.warn(
        'processes that lose their parents stay as zombies; run the container with docker run --init',
        {
          why,
        },
      );
    if (ambientCapabilities().length > 0)
      log.warn("commands of templates inherit Fairlead's capabilities; name a user for them (render.runAs)", {
        why,
      });
    return { withoutRights: (work) => work(), stop: () => undefined };
  }
  const reaper = pid === 1 ? new OrphanReaper(libc) : undefined;
  return { withoutRights: (work) => withoutAmbient(libc, work), stop: () => reaper?.stop() };
}
