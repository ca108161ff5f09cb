import { EPOLL } from '../../../../linux/epoll.js';
import { ERRNO } from '../../../../linux/tcp-calls.js';
import type { Expiring } from '../../../../runtime/timer-wheel.js';
import type { TcpFlows } from '../tcp-flows.js';
import type { NativeContext } from './native-flow.js';
import type { Watcher } from './reactor.js';
import { Side } from './side.js';

/** Connections that are accepted before everything else has its turn. */
const BATCH = 64;
/** No descriptor or no memory: that long nothing is accepted. */
const PAUSE_MS = 100;
const SHORTAGES: ReadonlySet<number> = new Set([ERRNO.EMFILE, ERRNO.ENFILE, ERRNO.ENOBUFS, ERRNO.ENOMEM]);

export interface AcceptorOptions {
  /** A listening socket; it belongs to somebody else. */
  readonly fd: number;
  readonly flows: Pick<TcpFlows<Side>, 'accept'>;
  readonly context: NativeContext;
  /** Accepting has failed for want of something. @param code `EMFILE` */
  readonly onShortage: (code: string) => void;
}

/** Accepts the connections of one listener. Of several threads that do so the kernel wakes one (EPOLLEXCLUSIVE). */
export class Acceptor implements Watcher, Expiring {
  tag = 0;
  tick: number | undefined = undefined;
  readonly #options: AcceptorOptions;
  #isRunning = false;

  constructor(options: AcceptorOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.#watch();
  }

  stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    const { context, fd } = this.#options;
    context.reactor.wheel.cancel(this);
    if (this.tag !== 0) context.reactor.unwatch(fd, this);
  }

  /** The kernel is asked again for what is left. */
  onEvents(): void {
    for (let count = 0; count < BATCH; count++) if (!this.#acceptOne()) return;
  }

  /** Accepts what is queued now. @param until as the wheel's clock counts: under a flood there is always one more */
  acceptAll(until: number): void {
    const { wheel } = this.#options.context.reactor;
    while (this.#acceptOne()) if (wheel.now() > until) return;
  }

  expire(): number {
    if (this.#isRunning) this.#watch();
    return Infinity;
  }

  /** @returns whether there may be another */
  #acceptOne(): boolean {
    const { context, fd, flows } = this.#options;
    const { calls } = context.reactor;
    const client = calls.accept(fd);
    if (client < 0) return this.#failed(client);
    const side = new Side(context, client, calls.acceptedFrom());
    if (context.table.take(client)) {
      flows.accept(side);
      return true;
    }
    side.close(true);
    return this.#failed(-ERRNO.EMFILE);
  }

  /** @returns whether to go on: one that is gone before it was accepted is nobody's fault (accept(2)) */
  #failed(error: number): boolean {
    const { context, fd, onShortage } = this.#options;
    const { calls, wheel } = context.reactor;
    if (calls.wouldBlock(error)) return false;
    if (!SHORTAGES.has(-error)) return true;
    onShortage(calls.errorName(error));
    if (this.tag !== 0) context.reactor.unwatch(fd, this);
    if (this.#isRunning) wheel.schedule(this, wheel.now() + PAUSE_MS);
    return false;
  }

  #watch(): void {
    const { context, fd } = this.#options;
    if (!context.reactor.watch(fd, EPOLL.IN | EPOLL.EXCLUSIVE, this)) this.#failed(-ERRNO.ENOMEM);
  }
}
