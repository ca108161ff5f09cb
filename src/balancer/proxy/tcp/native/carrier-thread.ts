import type { Libc } from '../../../../linux/libc.js';
import { TcpCalls } from '../../../../linux/tcp-calls.js';
import type { ClientNetworks, PassiveSignal, VirtualServiceCounters } from '../../../plane.js';
import type { FlowBudget } from '../../../flows/flow-budget.js';
import type { CarrierHost, StartCarrier } from './carrier-host.js';
import type { DescriptorTable } from './descriptor-table.js';
import type { Command, Report, Request, ServiceAtWork } from './carrier-messages.js';
import type { Log } from '../../../../net/log.js';

/** How long a thread that ended has to wait to be started again, in ms; twice as long each time in a row. */
const FIRST_RESTART_MS = 50;
const MAX_RESTART_MS = 5000;
/** A thread that ran so long had not failed in a row. */
const STEADY_MS = 60_000;

export type Changed = readonly (readonly [number, VirtualServiceCounters])[];

export interface CarrierThreadOptions {
  /** 1 or more. */
  readonly thread: number;
  readonly libc: Libc;
  readonly start: StartCarrier;
  readonly seed: number;
  readonly budget: FlowBudget;
  /** As the main thread sees it. */
  readonly table: DescriptorTable;
  readonly onSignal: (signal: PassiveSignal) => void;
  readonly onFull: () => void;
  readonly log: Pick<Log, 'warn'>;
  /** The thread ended by itself; its flows are reset, and it is started again. @param reason one line */
  readonly onCrash: (reason: string) => void;
}

type Asked =
  | { readonly kind: 'request'; readonly id: number; readonly request: Request }
  | { readonly kind: 'counters' | 'sync' };

interface Call {
  readonly asked: Asked;
  readonly resolve: (changed: Changed) => void;
}

/**
 * One thread that carries TCP, as the main thread sees it. Listening sockets outlive it: when it crashes another one takes them
 * over, and what the kernel has queued meanwhile is accepted then. It is started when there is something to carry.
 */
export class CarrierThread {
  readonly #options: CarrierThreadOptions;
  readonly #calls = new TcpCallbacks();
  readonly #served = new Map<number, ServiceAtWork>();
  #clients: ClientNetworks | undefined;
  #host: CarrierHost | undefined;
  #isStarted = false;
  #isStopping = false;
  #startedAt = 0;
  #restarts = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #onEnded: (() => void) | undefined;

  constructor(options: CarrierThreadOptions) {
    this.#options = options;
  }

  serves(id: number): boolean {
    return this.#served.has(id);
  }

  /** Carries a service from now on, or as it is now. */
  serve(work: ServiceAtWork): void {
    this.#served.set(work.id, work);
    if (this.#isStarted) this.#post({ kind: 'serve', work });
    else this.#start();
  }

  /** Takes only the connections of these from now on. */
  admit(clients: ClientNetworks): void {
    this.#clients = clients;
    this.#post({ kind: 'clients', clients });
  }

  /** Resolves when it is done; at once for a service that the thread has nothing of. */
  async request(id: number, request: Request): Promise<void> {
    const work = this.#served.get(id);
    if (!work) return;
    if (request === 'close') this.#served.delete(id);
    // There are no flows while there is no thread.
    if (!this.#host && (request !== 'stop' || !work.accepts)) return;
    await this.#call({ kind: 'request', id, request });
    if (request === 'stop' && this.#served.has(id)) this.#served.set(id, { ...work, accepts: false });
  }

  /** What has changed since it was asked last; nothing while there is no thread. */
  async counters(): Promise<Changed> {
    return this.#host ? await this.#call({ kind: 'counters' }) : [];
  }

  /** Resolves when the thread goes by all that it received. */
  async sync(): Promise<void> {
    if (this.#host) await this.#call({ kind: 'sync' });
  }

  /** All services must be closed before. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    clearTimeout(this.#restartTimer);
    this.#calls.settle(() => true);
    if (!this.#host) return;
    await new Promise<void>((resolve) => {
      this.#onEnded = resolve;
      this.#post({ kind: 'quit' });
    });
  }

  #start(): void {
    const { start, thread, seed, budget, table } = this.#options;
    this.#isStarted = true;
    this.#startedAt = performance.now();
    const input = {
      thread,
      seed,
      descriptors: table.memory,
      budget: budget.memory,
      limits: budget.limits,
    };
    this.#host = start(input, {
      report: (report) => this.#take(report),
      ended: (reason) => this.#ended(reason),
    });
    if (this.#clients) this.#post({ kind: 'clients', clients: this.#clients });
    for (const work of this.#served.values()) this.#post({ kind: 'serve', work });
    for (const [call, { asked }] of this.#calls.all()) this.#post({ ...asked, call });
  }

  #ended(reason: string): void {
    const { libc, table, thread, budget, onCrash } = this.#options;
    this.#host = undefined;
    const calls = new TcpCalls(libc);
    for (const fd of table.reclaim(thread)) {
      // Peers are to see that their connection has not come to its end. Pipes do not mind.
      calls.abort(fd);
      calls.close(fd);
    }
    budget.reclaim(thread);
    this.#onEnded?.();
    if (this.#isStopping) return;
    onCrash(reason);
    // What is queued at a listener is still to be accepted; all else that was asked for is so by now.
    this.#calls.settle(({ asked }) => asked.kind !== 'request' || asked.request !== 'stop');
    if (performance.now() - this.#startedAt > STEADY_MS) this.#restarts = 0;
    const wait = Math.min(MAX_RESTART_MS, FIRST_RESTART_MS * 2 ** this.#restarts++);
    this.#restartTimer = setTimeout(() => this.#start(), wait);
  }

  #call(asked: Asked): Promise<Changed> {
    return new Promise((resolve) => {
      const call = this.#calls.add({ asked, resolve });
      this.#post({ ...asked, call });
    });
  }

  #post(command: Command): void {
    this.#host?.post(command);
  }

  #take(report: Report): void {
    const { onSignal, onFull, log } = this.#options;
    switch (report.kind) {
      case 'done':
        this.#calls.resolve(report.call, []);
        return;
      case 'counters':
        this.#calls.resolve(report.call, report.changed);
        return;
      case 'signals':
        for (const signal of report.signals) onSignal(signal);
        return;
      case 'full':
        onFull();
        return;
      case 'log':
        log.warn(report.message);
    }
  }
}

/** The calls that are not answered yet. */
class TcpCallbacks {
  readonly #open = new Map<number, Call>();
  #next = 1;

  add(call: Call): number {
    const number = this.#next++;
    this.#open.set(number, call);
    return number;
  }

  resolve(number: number, changed: Changed): void {
    this.#open.get(number)?.resolve(changed);
    this.#open.delete(number);
  }

  settle(which: (call: Call) => boolean): void {
    for (const [number, call] of this.#open) if (which(call)) this.resolve(number, []);
  }

  all(): Iterable<readonly [number, Call]> {
    return [...this.#open];
  }
}
