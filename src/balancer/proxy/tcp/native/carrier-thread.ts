import type { Libc } from '../../../../linux/libc.js';
import { TcpCalls } from '../../../../linux/tcp-calls.js';
import type { ClientNetworks, PassiveSignal, VirtualServiceCounters } from '../../../plane.js';
import type { FlowBudget } from '../../../flows/flow-budget.js';
import type { CarrierHost, StartCarrier } from './carrier-host.js';
import type { DescriptorTable } from './descriptor-table.js';
import type { Command, Report, Request, ServiceAtWork } from './carrier-messages.js';
import type { Log } from '../../../../net/log.js';
import { Supervisor, type Restarts } from '../../../../runtime/supervisor.js';

export type Changed = readonly (readonly [number, VirtualServiceCounters])[];

export interface CarrierThreadOptions {
  /** At least 1. */
  readonly thread: number;
  readonly libc: Libc;
  readonly start: StartCarrier;
  readonly seed: number;
  readonly budget: FlowBudget;
  /** The main thread's view. */
  readonly table: DescriptorTable;
  readonly onSignal: (signal: PassiveSignal) => void;
  readonly onFull: () => void;
  readonly log: Pick<Log, 'warn'>;
  /**
   * Called when the thread ended unexpectedly. Its flows are reset, and it will be restarted. @param reason one line
   */
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
 * One TCP thread as the main thread sees it. The listening sockets outlive the thread. After a crash, a new thread
 * takes them over and accepts what the kernel queued in the meantime. The thread starts when it first has work.
 */
export class CarrierThread {
  readonly #options: CarrierThreadOptions;
  readonly #calls = new TcpCallbacks();
  readonly #served = new Map<number, ServiceAtWork>();
  #clients: ClientNetworks | undefined;
  readonly #supervisor: Supervisor<CarrierHost>;

  constructor(options: CarrierThreadOptions) {
    this.#options = options;
    this.#supervisor = new Supervisor({
      start: (ended) => this.#start(ended),
      started: () => this.#tellAll(),
      ended: () => this.#reclaim(),
      crashed: (reason) => {
        options.onCrash(reason);
        // Connections queued at a listener must still be accepted. All other requests are fulfilled now that the thread
        // has ended.
        this.#calls.settle(({ asked }) => asked.kind !== 'request' || asked.request !== 'stop');
      },
    });
  }

  get restarts(): Restarts {
    return this.#supervisor.restarts;
  }

  serves(id: number): boolean {
    return this.#served.has(id);
  }

  /** Starts a service, or applies its new settings. */
  serve(work: ServiceAtWork): void {
    this.#served.set(work.id, work);
    if (this.#supervisor.isStarted) this.#post({ kind: 'serve', work });
    else this.#supervisor.start();
  }

  /** Accepts only connections of these clients from now on. */
  admit(clients: ClientNetworks): void {
    this.#clients = clients;
    this.#post({ kind: 'clients', clients });
  }

  /** Resolves when it is done. Resolves at once if the thread has nothing of the service. */
  async request(id: number, request: Request): Promise<void> {
    const work = this.#served.get(id);
    if (!work) return;
    if (request === 'close') this.#served.delete(id);
    // Without a thread there are no flows.
    if (!this.#supervisor.running && (request !== 'stop' || !work.accepts)) return;
    await this.#call({ kind: 'request', id, request });
    if (request === 'stop' && this.#served.has(id)) this.#served.set(id, { ...work, accepts: false });
  }

  /** What changed since the last call. Empty while there is no thread. */
  async counters(): Promise<Changed> {
    return this.#supervisor.running ? await this.#call({ kind: 'counters' }) : [];
  }

  /** Resolves when the thread has applied everything sent so far. */
  async sync(): Promise<void> {
    if (this.#supervisor.running) await this.#call({ kind: 'sync' });
  }

  /** All services must be closed first. */
  async stop(): Promise<void> {
    this.#calls.settle(() => true);
    await this.#supervisor.stop((host) => host.post({ kind: 'quit' }));
  }

  #start(ended: (reason: string) => void): CarrierHost {
    const { start, thread, seed, budget, table } = this.#options;
    const input = {
      thread,
      seed,
      descriptors: table.memory,
      budget: budget.memory,
      limits: budget.limits,
    };
    return start(input, { report: (report) => this.#take(report), ended });
  }

  #tellAll(): void {
    if (this.#clients) this.#post({ kind: 'clients', clients: this.#clients });
    for (const work of this.#served.values()) this.#post({ kind: 'serve', work });
    for (const [call, { asked }] of this.#calls.all()) this.#post({ ...asked, call });
  }

  /** Closes the descriptors that an ended thread left open. */
  #reclaim(): void {
    const { libc, table, thread, budget } = this.#options;
    const calls = new TcpCalls(libc);
    for (const fd of table.reclaim(thread)) {
      // Reset, so that peers do not take the break for a regular end. For pipes this does nothing.
      calls.abort(fd);
      calls.close(fd);
    }
    budget.reclaim(thread);
  }

  #call(asked: Asked): Promise<Changed> {
    return new Promise((resolve) => {
      const call = this.#calls.add({ asked, resolve });
      this.#post({ ...asked, call });
    });
  }

  #post(command: Command): void {
    this.#supervisor.running?.post(command);
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

/** The calls that are still unanswered. */
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
