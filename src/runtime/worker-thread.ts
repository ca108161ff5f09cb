import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { errorMessage } from '../net/error-message.js';

export interface WorkerThreadOptions<Input, Report> {
  /** The compiled file that it runs. Its `workerData` is `{ input, port }`. */
  readonly script: URL;
  /** What tools such as `top` show. */
  readonly name: string;
  readonly input: Input;
  /** MiB for what it makes anew; a few where it makes hardly any garbage. */
  readonly youngGeneration: number;
  readonly report: (report: Report) => void;
  /** It runs no more. Called once. @param reason one line */
  readonly ended: (reason: string) => void;
}

/**
 * Starts a thread that talks to this one through a port of its own.
 * @returns this side of the port; messages after the end of the thread go nowhere
 * @throws Error when the system starts no more threads
 */
export function startWorkerThread<Input, Report>({
  script,
  name,
  input,
  youngGeneration,
  report,
  ended,
}: WorkerThreadOptions<Input, Report>): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(script, {
    name,
    workerData: { input, port: port2 },
    resourceLimits: { maxYoungGenerationSizeMb: youngGeneration },
    transferList: [port2],
  });
  let reason = 'it ended by itself';
  port1.on('message', report);
  worker.on('error', (error) => {
    reason = errorMessage(error).split('\n')[0] ?? reason;
  });
  worker.on('exit', () => {
    port1.close();
    ended(reason);
  });
  return port1;
}
