/** The entry of an answering thread. Its port to the main thread comes with what it is given. */
import { workerData, type MessagePort } from 'node:worker_threads';
import { loadLibc } from '../../../linux/libc.js';
import { Loop } from './loop.js';
import type { WorkerInput } from './answering-messages.js';

const { input, port } = workerData as { readonly input: WorkerInput; readonly port: MessagePort };
const libc = await loadLibc();
// The main thread has loaded it before.
if ('unavailable' in libc) throw new Error(libc.unavailable);
new Loop(libc, input, port).run();
port.close();
