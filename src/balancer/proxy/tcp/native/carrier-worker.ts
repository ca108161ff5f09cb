/** The entry point of a TCP thread. It receives its port to the main thread with its input. */
import { receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads';
import { keepCapabilities } from '../../../../linux/capability-drop.js';
import { EPOLL } from '../../../../linux/epoll.js';
import { EventFd } from '../../../../linux/event-fd.js';
import { loadLibc } from '../../../../linux/libc.js';
import { Urgency } from '../../../../linux/urgency.js';
import { Carrier } from './carrier.js';
import type { CarrierInput, Command } from './carrier-messages.js';

const { input, port } = workerData as { readonly input: CarrierInput; readonly port: MessagePort };
const libc = await loadLibc();
// The main thread has already loaded it successfully.
if ('unavailable' in libc) throw new Error(libc.unavailable);

const rights = ['SYS_NICE', 'NET_BIND_SERVICE'] as const;
keepCapabilities(libc, { effective: rights, permitted: rights });
const carrier = new Carrier({ libc, input, report: (report) => port.postMessage(report) });
const bell = new EventFd(libc, input.bell);
const urgency = Urgency.ofThread(libc);
let isRung = false;
carrier.reactor.watch(bell.fd, EPOLL.IN, {
  tag: 0,
  onEvents() {
    bell.clear();
    isRung = true;
  },
});

/** The reactor blocks the thread. Node's event loop runs only when it has work. */
function run(): void {
  while (!carrier.hasQuit) {
    const isDue = carrier.turn();
    urgency.look();
    if (!isDue && !isRung) continue;
    if (isRung) takeCommands();
    setImmediate(run);
    return;
  }
  port.close();
}

/** Reads the commands directly, because it is unknown when the event loop would get to them. */
function takeCommands(): void {
  isRung = false;
  for (;;) {
    const received = receiveMessageOnPort(port) as { readonly message: readonly Command[] } | undefined;
    if (!received) return;
    for (const command of received.message) carrier.carryOut(command);
  }
}

run();
