import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { errorMessage } from '../net/error-message.js';

export interface WorkerThreadOptions<Input, Report> {
  /** The compiled file that the thread runs. Its `workerData` is `{ input, port }`. */
  readonly script: URL;
  /** The name that tools such as `top` show. */
  readonly name: string;
  readonly input: Input;
  /** MiB of heap for new objects. A few are enough if the thread produces hardly any garbage. */
  readonly youngGeneration: number;
  readonly report: (report: Report) => void;
  /** Called once when the thread has ended. @param reason one line */
  readonly ended: (reason: string) => void;
}

/**
 * Starts a thread that communicates with this one through a port of its own.
 * @returns this side of the port; messages sent after the thread has ended are lost
 * @throws Error when the system cannot start another thread
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
