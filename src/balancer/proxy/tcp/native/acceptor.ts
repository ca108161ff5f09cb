import { EPOLL } from '../../../../linux/epoll.js';
import { ERRNO } from '../../../../linux/tcp-calls.js';
import type { Expiring } from '../../../../runtime/timer-wheel.js';
import type { TcpFlows } from '../tcp-flows.js';
import type { NativeContext } from './native-flow.js';
import type { Watcher } from './reactor.js';
import { Side } from './side.js';

/** How many connections are accepted before other work gets its turn. */
const BATCH = 64;
/** How long to pause accepting when descriptors or memory run out. */
const PAUSE_MS = 100;
const SHORTAGES: ReadonlySet<number> = new Set([ERRNO.EMFILE, ERRNO.ENFILE, ERRNO.ENOBUFS, ERRNO.ENOMEM]);

export interface AcceptorOptions {
  /** A listening socket, owned by the caller. */
  readonly fd: number;
  readonly flows: Pick<TcpFlows<Side>, 'accept'>;
  readonly context: NativeContext;
  /** Called when accepting failed because resources ran out. @param code `EMFILE` */
  readonly onShortage: (code: string) => void;
}

/**
 * Accepts the connections of one listener. If several threads do so, the kernel wakes one of them (EPOLLEXCLUSIVE).
 */
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

  /** If connections are left, the kernel reports them again. */
  onEvents(): void {
    for (let count = 0; count < BATCH; count++) if (!this.#acceptOne()) return;
  }

  /**
   * Accepts all queued connections. @param until a time on the wheel's clock: under a flood the queue never gets empty
   */
  acceptAll(until: number): void {
    const { wheel } = this.#options.context.reactor;
    while (this.#acceptOne()) if (wheel.now() > until) return;
  }

  expire(): number {
    if (this.#isRunning) this.#watch();
    return Infinity;
  }

  /** @returns whether there may be another one */
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

  /** @returns whether to continue; a connection that ended before it was accepted is not an error (accept(2)) */
  #failed(error: number): boolean {
    const { context, fd, onShortage } = this.#options;
    const { calls, wheel } = context.reactor;
    // Invalid: the listener is suspended.
    if (calls.wouldBlock(error) || -error === ERRNO.EINVAL) return false;
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
