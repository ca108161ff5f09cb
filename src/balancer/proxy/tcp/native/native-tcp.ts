import { existsSync } from 'node:fs';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { loadLibc, type Libc, type Unavailable } from '../../../../linux/libc.js';
import { openTcpListener, type TcpListener } from '../../../../linux/tcp-listener.js';
import type { HostPort } from '../../../../net/ip.js';
import type { ClientNetworks, VirtualService, VirtualServiceCounters } from '../../../plane.js';
import { descriptorLimit, type FlowBudget } from '../../../flows/flow-budget.js';
import { sumOfRestarts, type Restarts } from '../../../../runtime/supervisor.js';
import { errorMessage } from '../../../../net/error-message.js';
import { BACKLOG, type Frontend, type FrontendContext } from '../../frontend.js';
import { refusesItself, takesFlows } from '../../takes-flows.js';
import { inProcess, inThread, type StartCarrier } from './carrier-host.js';
import { CarrierThread, type CarrierThreadOptions } from './carrier-thread.js';
import { DescriptorTable } from './descriptor-table.js';
import { threadsFor } from './placement.js';
import { ended, sumCounters } from './sum-counters.js';

export interface NativeTcpOptions {
  /** Number of threads, 1 to 64; 1 by default. */
  readonly workers?: number;
  /** The script of a thread; by default the compiled file of this package. */
  readonly script?: URL;
  /** Runs everything in this thread on the given clock (monotonic milliseconds). For tests. */
  readonly clock?: () => number;
}

type Surroundings = Pick<CarrierThreadOptions, 'seed' | 'budget' | 'onSignal' | 'onFull' | 'log'>;

const MAX_WORKERS = 64;
/**
 * How often threads are asked for their counters without another request. A crash can lose the counts of this period.
 */
const ASK_MS = 5000;
/** The time in milliseconds that a client on this host or nearby needs for a handshake. */
const HANDSHAKE_MS = 20;
/** How long the threads have to answer. */
const PATIENCE_MS = 1000;

/**
 * TCP in threads that each have an epoll instance and splice streams. The listening sockets belong to the main thread,
 * so that queued connections survive the end of a thread.
 */
export class NativeTcp {
  readonly #libc: Libc;
  readonly #budget: FlowBudget;
  readonly #log: Surroundings['log'];
  readonly #threads: readonly CarrierThread[];
  readonly #frontends = new Map<number, NativeFrontend>();
  #nextId = 1;
  #asked: Promise<void> | undefined;
  #synced: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  private constructor(libc: Libc, start: StartCarrier, workers: number, surroundings: Surroundings) {
    this.#libc = libc;
    this.#budget = surroundings.budget;
    this.#log = surroundings.log;
    const memory = DescriptorTable.memory(descriptorLimit());
    const table = new DescriptorTable(memory, MAX_WORKERS + 1);
    this.#threads = Array.from({ length: workers }, (_, index) => {
      const onCrash = (reason: string): void => {
        for (const frontend of this.#frontends.values()) frontend.lost(index);
        surroundings.log.warn(
          `a thread ended (${reason}) with all its connections; it is started again; please report it`,
        );
      };
      return new CarrierThread({ ...surroundings, thread: index + 1, libc, start, table, onCrash });
    });
  }

  /** Returns undefined if this system does not support it. */
  static async load(options: NativeTcpOptions, surroundings: Surroundings): Promise<NativeTcp | Unavailable> {
    const { workers = 1, clock, script = new URL('./carrier-worker.js', import.meta.url) } = options;
    if (!clock && !existsSync(script)) return { unavailable: 'Fairlead runs from its source' };
    const libc = await loadLibc();
    if ('unavailable' in libc) return libc;
    const start = clock ? inProcess(libc, clock) : inThread(libc, script);
    return new NativeTcp(libc, start, Math.min(MAX_WORKERS, workers), surroundings);
  }

  get threads(): number {
    return this.#threads.length;
  }

  get restarts(): Restarts {
    return sumOfRestarts(this.#threads);
  }

  /** Takes only the connections of these from now on; resolves when all threads do. */
  async admit(clients: ClientNetworks): Promise<void> {
    for (const thread of this.#threads) thread.admit(clients);
    await this.#sync();
  }

  /** @throws SystemCallError when the address cannot be had; TooManyListeners */
  listen(
    service: VirtualService,
    { anyPort, shares }: Pick<FrontendContext, 'anyPort' | 'shares'>,
  ): Frontend {
    const address: HostPort = { ip: service.vip, port: anyPort?.() ? 0 : service.port };
    const listener = this.#open(address, shares?.() === true);
    const id = this.#nextId++;
    const frontend = new NativeFrontend(id, listener, service, {
      threads: this.#threads,
      refresh: () => this.#refresh(),
      synced: () => (this.#synced ??= this.#sync()),
      closed: () => this.#budget.unlisten(),
      warn: (message) => this.#log.warn(message),
      forget: () => this.#frontends.delete(id),
      refusesItself: refusesItself(service, anyPort?.() === true),
    });
    this.#frontends.set(id, frontend);
    this.#timer ??= setInterval(() => void this.#refresh(), ASK_MS).unref();
    return frontend;
  }

  /** @param shares whether a predecessor may have the address; else nothing may */
  #open(address: HostPort, shares: boolean): TcpListener {
    this.#budget.listen();
    try {
      if (!shares && address.port !== 0) openTcpListener(this.#libc, address, BACKLOG).close();
      return openTcpListener(this.#libc, address, BACKLOG, { reusePort: true });
    } catch (error) {
      this.#budget.unlisten();
      throw error;
    }
  }

  /** All frontends must be closed before. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /**
   * Resolves when every frontend has its threads' current counters. If a thread does not answer, its last report
   * remains.
   */
  #refresh(): Promise<void> {
    this.#asked ??= this.#ask().finally(() => {
      this.#asked = undefined;
    });
    return this.#asked;
  }

  /** Combines many updates: the threads are asked once, after all of them. */
  async #sync(): Promise<void> {
    await Promise.resolve();
    this.#synced = undefined;
    await Promise.all(this.#threads.map((thread) => thread.sync()));
  }

  async #ask(): Promise<void> {
    const asked = this.#threads.map(async (thread, index) => {
      for (const [id, counters] of await thread.counters()) this.#frontends.get(id)?.told(index, counters);
    });
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, PATIENCE_MS).unref();
    });
    await Promise.race([Promise.all(asked), enough]);
    clearTimeout(timer);
  }
}

interface Owner {
  readonly threads: readonly CarrierThread[];
  readonly refresh: () => Promise<void>;
  /** Resolves when all threads have applied what was sent in this turn of the event loop. */
  readonly synced: () => Promise<void>;
  /** Called when the listener is closed. */
  readonly closed: () => void;
  /** Writes one line for the operator. */
  readonly warn: (message: string) => void;
  readonly forget: () => void;
  readonly refusesItself: boolean;
}

class NativeFrontend implements Frontend {
  readonly address: HostPort;
  readonly #id: number;
  readonly #listener: TcpListener;
  readonly #owner: Owner;
  /** The port that clients dial. */
  readonly #port: number;
  #service: VirtualService;
  #stopped: Promise<void> | undefined;
  #isListening = true;
  /** Whether the kernel refuses connections because there is no task. */
  #isSuspended = false;
  /** The last report of each thread. */
  readonly #live: (VirtualServiceCounters | undefined)[] = [];
  #past: VirtualServiceCounters | undefined;

  constructor(id: number, listener: TcpListener, service: VirtualService, owner: Owner) {
    this.#id = id;
    this.#listener = listener;
    this.address = listener.address;
    this.#service = service;
    this.#port = service.port === 0 ? listener.address.port : service.port;
    this.#owner = owner;
    this.#place();
    this.#suspendIfIdle();
  }

  async update(service: VirtualService): Promise<void> {
    this.#service = service;
    this.#place();
    await this.#owner.synced();
    this.#suspendIfIdle();
  }

  async counters(): Promise<VirtualServiceCounters> {
    await this.#owner.refresh();
    return this.#sum();
  }

  lately(): VirtualServiceCounters {
    return this.#sum();
  }

  /** A thread has counted this. */
  told(thread: number, counters: VirtualServiceCounters): void {
    this.#live[thread] = counters;
  }

  /** Records that a thread has ended. What it counted since its last report is lost. */
  lost(thread: number): void {
    const counters = this.#live[thread];
    if (!counters) return;
    this.#live[thread] = undefined;
    this.#past = sumCounters(this.#service, this.#port, [ended(counters)], this.#past);
  }

  stopListening(): Promise<void> {
    return (this.#stopped ??= this.#stop());
  }

  async drain(): Promise<void> {
    await this.stopListening();
    await this.#request('drain');
  }

  async close(): Promise<void> {
    await this.#request('close');
    this.#closeListener();
    this.#owner.forget();
  }

  async #stop(): Promise<void> {
    // Connections of this turn of the event loop must still be accepted.
    await turn();
    // A client that connects now retries after a second (RFC 6298). It then finds no listener, or the next process that
    // listens here.
    this.#listener.refuseNew();
    // By then, handshakes answered earlier have completed and are queued. Closing the queue would reset them.
    await pause(HANDSHAKE_MS);
    await this.#request('stop');
    this.#closeListener();
  }

  async #request(request: 'stop' | 'drain' | 'close'): Promise<void> {
    await Promise.all(this.#owner.threads.map((thread) => thread.request(this.#id, request)));
  }

  #place(): void {
    const { threads } = this.#owner;
    const accepting = this.#stopped || !this.#isOpen() ? [] : threadsFor(this.#service, threads.length);
    const { fd } = this.#listener;
    for (const [index, thread] of threads.entries()) {
      const accepts = accepting.includes(index);
      if (!accepts && !thread.serves(this.#id)) continue;
      thread.serve({ id: this.#id, service: this.#service, fd, port: this.#port, accepts });
    }
  }

  /** Whether threads may accept. If a task takes connections again, listens again first. */
  #isOpen(): boolean {
    if (this.#isIdle()) return false;
    if (!this.#isSuspended) return true;
    try {
      this.#listener.resume();
      this.#isSuspended = false;
    } catch (error) {
      // The next update tries again.
      const { ip, port } = this.address;
      this.#owner.warn(`VIP ${ip}:${port}/tcp: cannot listen again: ${errorMessage(error)}`);
    }
    return !this.#isSuspended;
  }

  /** No thread may accept any more. */
  #suspendIfIdle(): void {
    if (this.#isSuspended || this.#stopped || !this.#isIdle()) return;
    this.#listener.suspend();
    this.#isSuspended = true;
  }

  #isIdle(): boolean {
    return this.#owner.refusesItself && !takesFlows(this.#service);
  }

  #sum(): VirtualServiceCounters {
    const live = this.#live.filter((each) => each !== undefined);
    return sumCounters(this.#service, this.#port, live, this.#past);
  }

  #closeListener(): void {
    if (!this.#isListening) return;
    this.#isListening = false;
    this.#listener.close();
    this.#owner.closed();
  }
}
