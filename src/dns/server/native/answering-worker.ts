/** The entry point of an answering thread. It receives its port to the main thread with its input. */
import { workerData, type MessagePort } from 'node:worker_threads';
import { keepCapabilities } from '../../../linux/capability-drop.js';
import { loadLibc } from '../../../linux/libc.js';
import { Loop } from './loop.js';
import type { WorkerInput } from './answering-messages.js';

const { input, port } = workerData as { readonly input: WorkerInput; readonly port: MessagePort };
const libc = await loadLibc();
// The main thread has already loaded it successfully.
if ('unavailable' in libc) throw new Error(libc.unavailable);
// It reads what anyone may send.
keepCapabilities(libc, { effective: ['SYS_NICE'], permitted: ['SYS_NICE'] });
new Loop(libc, input, port).run();
port.close();
