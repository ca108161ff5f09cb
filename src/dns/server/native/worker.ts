/** The entry of an answering thread. Its port to the main thread comes with what it is given. */
import { workerData, type MessagePort } from 'node:worker_threads';
import { loadLibc } from '../../../linux/libc.js';
import { preferLatency } from '../../../linux/scheduling.js';
import { Loop } from './loop.js';
import type { WorkerInput } from './protocol.js';

/** Ahead of ordinary processes, by little (sched(7)). */
const NICE = -5;

const { input, port } = workerData as { readonly input: WorkerInput; readonly port: MessagePort };
const libc = await loadLibc();
// The main thread has loaded it before.
if ('unavailable' in libc) throw new Error(libc.unavailable);
// What the main thread is busy with, such as a file of services, does not hold answers up on a busy core.
preferLatency(libc, NICE);
new Loop(libc, input, port).run();
port.close();
