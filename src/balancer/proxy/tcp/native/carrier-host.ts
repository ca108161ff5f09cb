import type { MessagePort } from 'node:worker_threads';
import { EventFd } from '../../../../linux/event-fd.js';
import type { Libc } from '../../../../linux/libc.js';
import { startWorkerThread } from '../../../../runtime/worker-thread.js';
import { Carrier } from './carrier.js';
import type { CarrierInput, Command, Report } from './carrier-messages.js';

/** Where a {@link Carrier} runs, as the main thread sees it. */
export interface CarrierHost {
  post(command: Command): void;
}

export interface HostEvents {
  readonly report: (report: Report) => void;
  /** It runs no more. @param reason one line */
  readonly ended: (reason: string) => void;
}

export type StartCarrier = (input: Omit<CarrierInput, 'bell'>, events: HostEvents) => CarrierHost;

/** In a worker thread. @param script the compiled `worker.js` */
export const inThread =
  (libc: Libc, script: URL): StartCarrier =>
  (input, { report, ended }) => {
    const bell = new EventFd(libc);
    let hasEnded = false;
    const start = () =>
      startWorkerThread<CarrierInput, Report>({
        script,
        name: 'fairlead-tcp',
        input: { ...input, bell: bell.fd },
        // What it makes lives as long as a connection, and is small.
        youngGeneration: 4,
        report,
        ended(reason) {
          hasEnded = true;
          bell.close();
          ended(reason);
        },
      });
    let port: MessagePort;
    try {
      port = start();
    } catch (error) {
      bell.close();
      throw error;
    }
    let pending: Command[] = [];
    return {
      post(command) {
        if (pending.push(command) > 1) return;
        // Those of one turn of the event loop are one message, and wake the thread once.
        setImmediate(() => {
          const commands = pending;
          pending = [];
          if (hasEnded) return;
          port.postMessage(commands);
          bell.ring();
        });
      },
    };
  };

/** In this thread, between everything else: for tests, which move its clock on. @param now milliseconds that only grow */
export const inProcess =
  (libc: Libc, now: () => number): StartCarrier =>
  (input, { report, ended }) => {
    const carrier = new Carrier({ libc, input, report, now });
    const run = (): void => {
      if (carrier.hasQuit) {
        ended('it was told to');
        return;
      }
      carrier.turn(0);
      setImmediate(run);
    };
    setImmediate(run);
    return { post: (command) => carrier.carryOut(command) };
  };
