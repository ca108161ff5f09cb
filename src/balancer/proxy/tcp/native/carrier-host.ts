import type { MessagePort } from 'node:worker_threads';
import { EventFd } from '../../../../linux/event-fd.js';
import type { Libc } from '../../../../linux/libc.js';
import { startWorkerThread } from '../../../../runtime/worker-thread.js';
import { Carrier } from './carrier.js';
import type { CarrierInput, Command, Report } from './carrier-messages.js';

/** The environment of a {@link Carrier}, as the main thread sees it. */
export interface CarrierHost {
  post(command: Command): void;
}

export interface HostEvents {
  readonly report: (report: Report) => void;
  /** Called when it has ended. @param reason one line */
  readonly ended: (reason: string) => void;
}

export type StartCarrier = (input: Omit<CarrierInput, 'bell'>, events: HostEvents) => CarrierHost;

/** Runs it in a worker thread. @param script the compiled `worker.js` */
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
        // Its objects are small and live as long as a connection.
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
        // Messages of one turn of the event loop are sent as one, so that they wake the thread only once.
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

/** Runs it in this thread, for tests that control its clock. @param now monotonic milliseconds */
export const inProcess =
  (libc: Libc, now: () => number): StartCarrier =>
  (input, { report, ended }) => {
    const carrier = new Carrier({ libc, input, report, now });
    const run = (): void => {
      if (carrier.hasQuit) {
        ended('it was asked to');
        return;
      }
      carrier.turn(0);
      setImmediate(run);
    };
    setImmediate(run);
    return { post: (command) => carrier.carryOut(command) };
  };
