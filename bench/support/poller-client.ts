import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Netns } from '../../test/e2e/support/netns.js';

/** Ask for `name` until its A records include `address` (`present`), or until they do not. */
export interface PollTask {
  readonly id: number;
  readonly name: string;
  readonly address: string;
  readonly present: boolean;
}

/**
 * - `ready`: the poller runs
 * - `armed`: the first answer came, and is not yet the wanted one
 * - `right`: the first wanted answer came `at` (milliseconds since the epoch, with fractions), `gap` milliseconds after
 *   the last other one: the resolution of this measurement
 */
export type PollReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'armed'; readonly id: number }
  | { readonly kind: 'right'; readonly id: number; readonly at: number; readonly gap: number };

export interface Sighting {
  readonly at: number;
  readonly gap: number;
}

export interface Poller {
  /** Begins to ask; resolves when it is known that the answer is not there yet, with a promise of the moment when it is. */
  watch(name: string, address: string, present: boolean): Promise<{ readonly seen: Promise<Sighting> }>;
}

const script = fileURLToPath(new URL('poller.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Starts a poller process; it ends with the namespace that spawned it.
 *
 * @param enter the path of the network namespace to ask from; default: that of `netns`
 */
export async function startPoller(netns: Netns, server: string, enter = netns.path): Promise<Poller> {
  const args = [`--net=${enter}`, '--', process.execPath, '--import', 'tsx', script, server];
  const child = netns.spawn('nsenter', args, { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the poller has no pipes');
  let onReport: (report: PollReport) => void = () => undefined;
  let lastId = 0;
  const ready = new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the poller of ${server} ended with ${String(code)}`)));
    onReport = () => resolve();
  });
  createInterface({ input: stdout }).on('line', (line) => onReport(JSON.parse(line) as PollReport));
  await ready;
  return {
    watch(name, address, present) {
      const id = ++lastId;
      return new Promise((armed, reject) => {
        const seen = new Promise<Sighting>((right) => {
          onReport = (report) => {
            if (report.kind === 'ready' || report.id !== id) return;
            if (report.kind === 'right') {
              // Not armed first: the wanted answer was there before anything happened.
              reject(new Error(`${server} gave the wanted answer for ${name} before it was time`));
              right(report);
            } else armed({ seen });
          };
        });
        stdin.write(`${JSON.stringify({ id, name, address, present } satisfies PollTask)}\n`);
      });
    },
  };
}
