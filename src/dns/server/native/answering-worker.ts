/** The entry point of an answering thread. It receives its port to the main thread with its input. */
import { workerData, type MessagePort } from 'node:worker_threads';
import { loadLibc } from '../../../linux/libc.js';
import { Loop } from './loop.js';
import type { WorkerInput } from './answering-messages.js';

const { input, port } = workerData as { readonly input: WorkerInput; readonly port: MessagePort };
const libc = await loadLibc();
// The main thread has already loaded it successfully.
if ('unavailable' in libc) throw new Error(libc.unavailable);
new Loop(libc, input, port).run();
port.close();
