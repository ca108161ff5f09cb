import { readFileSync } from 'node:fs';
import { earlierValues } from './earlier-values.js';
import { holdSetting, type ReleaseSetting } from './held-settings.js';
import { readIpvsTimeouts, setIpvsTimeouts } from './ipvsadm.js';

const FOLDER = '/proc/sys/net/ipv4/vs';

/** What IPVS needs to be set to (kernel, ipvs-sysctl). It is there once the module is loaded. */
const WANTED: Readonly<Record<string, string>> = {
  // Connections can be masqueraded, and tables of other programs see them as one.
  conntrack: '1',
  // A client that uses a port again gets a task that takes connections, without a delay of a second.
  conn_reuse_mode: '1',
  // A connection to a task that was removed ends at once.
  expire_nodest_conn: '1',
  // Affinity to a task of weight 0 ends.
  expire_quiescent_template: '1',
  // Nothing is dropped on purpose.
  drop_entry: '0',
  drop_packet: '0',
};

/** Seconds for TCP, TCP that was closed, UDP: an idle connection lasts as long as in conntrack, not 15 minutes. */
const TIMEOUTS = '432000 120 300';
/** Among the earlier values. */
const TIMEOUTS_NAME = 'timeouts of IPVS';

/**
 * Sets what has another value.
 * @returns undoes what was changed here, or by a daemon before this one
 * @throws Error with one line, with what to do; nothing is changed then
 */
export function setIpvsSettings(folder = FOLDER): ReleaseSetting {
  const releases: ReleaseSetting[] = [];
  const undo: ReleaseSetting = (isLeft) => {
    for (const each of releases.splice(0)) each(isLeft);
  };
  for (const [name, value] of Object.entries(WANTED)) {
    const path = `${folder}/${name}`;
    try {
      readFileSync(path);
      const release = holdSetting(path, undefined, value);
      if (release) releases.push(release);
    } catch (error) {
      undo();
      const { code } = error as NodeJS.ErrnoException;
      throw new Error(
        `net.ipv4.vs.${name} cannot be set to ${value} (${code ?? String(error)}); set it yourself`,
        {
          cause: error,
        },
      );
    }
  }
  return undo;
}

let timeoutsHeld = 0;

/**
 * Sets how long IPVS keeps connections.
 * @returns restores what it was before this process, or a daemon before it, changed it
 * @throws Error with one line, with what to do
 */
export async function holdIpvsTimeouts(): Promise<(isLeft?: boolean) => Promise<void>> {
  const present = (await readIpvsTimeouts()).join(' ');
  if (present !== TIMEOUTS) {
    earlierValues.note(TIMEOUTS_NAME, present);
    await setIpvsTimeouts(TIMEOUTS.split(' '));
  }
  timeoutsHeld++;
  return async (isLeft = false) => {
    if (--timeoutsHeld === 0 && !isLeft) await restoreLeftIpvsTimeouts();
  };
}

/** Restores what a daemon before this one has changed and left, unless this one needs it too. @throws likewise */
export async function restoreLeftIpvsTimeouts(): Promise<void> {
  const earlier = earlierValues.of(TIMEOUTS_NAME);
  if (earlier === undefined || timeoutsHeld > 0) return;
  await setIpvsTimeouts(earlier.split(' '));
  earlierValues.forget(TIMEOUTS_NAME);
}
