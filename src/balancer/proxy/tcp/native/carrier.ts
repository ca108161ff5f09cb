import type { Libc } from '../../../../linux/libc.js';
import type { PassiveSignal, VirtualServiceCounters } from '../../../plane.js';
import { ClientTable } from '../../../flows/client-table.js';
import { FlowBudget } from '../../../flows/flow-budget.js';
import { MAX_ACCEPT_MS, type FrontendContext } from '../../frontend.js';
import type { Backend } from '../../../flows/backend.js';
import { portlessMessage } from '../../../flows/port-shortage.js';
import { makeScheduler } from '../../../flows/make-scheduler.js';
import { TcpFlows, type FlowCounts, type TcpConnections } from '../tcp-flows.js';
import { Acceptor } from './acceptor.js';
import { DescriptorTable } from './descriptor-table.js';
import { DialTargets } from './dial-targets.js';
import { NativeFlow, type NativeContext } from './native-flow.js';
import { PipePool } from './pipe-pool.js';
import type { CarrierInput, Command, Report, Request, ServiceAtWork } from './carrier-messages.js';
import { Reactor } from './reactor.js';
import type { Side } from './side.js';

/**
 * The shortest interval between reports of a shortage, to the operator and to the main thread, which informs the
 * operator.
 */
const TELL_SHORTAGE_MS = 60_000;
const TELL_FULL_MS = 1000;
/** While the main thread waits for an answer, promises must run soon. */
const BUSY_WAIT_MS = 20;

interface Working {
  work: ServiceAtWork;
  readonly flows: TcpFlows<Side>;
  readonly acceptor: Acceptor;
  /** As last reported. Undefined if the service has been replaced since. */
  told: Counted | undefined;
}

type Counted = FlowCounts & Partial<VirtualServiceCounters>;

/** The default for a service without a report. */
const NOTHING: Counted = { active: 0, total: 0, refused: 0 };

export interface CarrierOptions {
  readonly libc: Libc;
  readonly input: Omit<CarrierInput, 'bell'>;
  readonly report: (report: Report) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/** Carries the TCP connections of virtual services in its own thread, controlled by commands. */
export class Carrier {
  readonly reactor: Reactor;
  readonly #report: (report: Report) => void;
  readonly #context: Pick<
    FrontendContext,
    'createScheduler' | 'onSignal' | 'onPortless' | 'limits' | 'clients' | 'now'
  >;
  readonly #native: NativeContext;
  readonly #connections: TcpConnections<Side>;
  readonly #services = new Map<number, Working>();
  #clients: ClientTable | undefined;
  #signals: PassiveSignal[] = [];
  #isFull = false;
  #calls = 0;
  #toldFull = -Infinity;
  #toldShortage = -Infinity;
  #toldPortless = -Infinity;
  #hasQuit = false;

  constructor({ libc, input, report, now = () => performance.now() }: CarrierOptions) {
    const table = new DescriptorTable(input.descriptors, input.thread);
    const reactor = new Reactor(libc, table, now);
    const limits = new FlowBudget(input.limits, {
      memory: input.budget,
      thread: input.thread,
      onFull: () => {
        this.#isFull = true;
        pipes.trim();
      },
    });
    const pipes = new PipePool(reactor.calls, limits, table);
    const native: NativeContext = { reactor, pipes, table, targets: new DialTargets(reactor.calls) };
    this.reactor = reactor;
    this.#report = report;
    this.#native = native;
    this.#context = {
      createScheduler: makeScheduler(input.seed, now),
      onSignal: (signal) => this.#signals.push(signal),
      onPortless: (backend) => this.#tellPortless(backend),
      limits,
      now,
      clients: () => this.#clients,
    };
    this.#connections = {
      createFlow: (client, host) => new NativeFlow(client, host, native),
      addressOf: (client) => client.address?.ip ?? '0.0.0.0',
      reset: (client) => client.close(true),
    };
  }

  get hasQuit(): boolean {
    return this.#hasQuit;
  }

  /**
   * Runs one turn of the reactor and sends what it has to report.
   * @returns whether the thread's event loop must run, because promises and messages have waited
   */
  turn(wait?: number): boolean {
    const isBusy = this.#calls > 0;
    const hasTicked = this.reactor.turn(isBusy ? Math.min(BUSY_WAIT_MS, wait ?? BUSY_WAIT_MS) : wait);
    // Another thread may have returned capacity.
    if (hasTicked) this.#context.limits.look();
    if (this.#signals.length > 0) {
      this.#report({ kind: 'signals', signals: this.#signals });
      this.#signals = [];
    }
    if (this.#isFull) this.#tellFull();
    return hasTicked || isBusy;
  }

  carryOut(command: Command): void {
    switch (command.kind) {
      case 'serve':
        this.#serve(command.work);
        return;
      case 'request':
        void this.#answer(command.call, this.#services.get(command.id), command.request);
        return;
      case 'clients':
        this.#clients = new ClientTable(command.clients);
        return;
      case 'counters':
        this.#report({ kind: 'counters', call: command.call, changed: [...this.#changed()] });
        return;
      case 'sync':
        this.#report({ kind: 'done', call: command.call });
        return;
      case 'quit':
        this.#hasQuit = true;
        this.#native.pipes.trim();
        this.reactor.end();
    }
  }

  #serve(work: ServiceAtWork): void {
    const known = this.#services.get(work.id);
    if (known) {
      if (known.work.service !== work.service) known.flows.update(work.service);
      known.work = work;
      if (known.told !== NOTHING) known.told = undefined;
    }
    const { acceptor } = known ?? this.#add(work);
    if (work.accepts) acceptor.start();
    else acceptor.stop();
  }

  #add(work: ServiceAtWork): Working {
    const { id, fd, port, service } = work;
    const { wheel } = this.reactor;
    const flows = new TcpFlows(service, {
      port,
      wheel,
      context: this.#context,
      connections: this.#connections,
    });
    const acceptor = new Acceptor({
      fd,
      flows,
      context: this.#native,
      onShortage: (code) => this.#tellShortage(code),
    });
    const working = { work, flows, acceptor, told: NOTHING };
    this.#services.set(id, working);
    return working;
  }

  async #answer(call: number, working: Working | undefined, request: Request): Promise<void> {
    this.#calls++;
    if (working) await this.#carryOutRequest(working, request);
    this.#calls--;
    this.#report({ kind: 'done', call });
  }

  async #carryOutRequest({ work, flows, acceptor }: Working, request: Request): Promise<void> {
    switch (request) {
      case 'stop':
        if (work.accepts) acceptor.acceptAll(this.reactor.wheel.now() + MAX_ACCEPT_MS);
        acceptor.stop();
        return;
      case 'drain':
        await flows.drain();
        return;
      case 'close':
        acceptor.stop();
        this.#services.delete(work.id);
        await flows.close();
    }
  }

  *#changed(): Iterable<readonly [number, VirtualServiceCounters]> {
    for (const [id, working] of this.#services) {
      const { flows, told } = working;
      if (told && flows.isIdleSince(told)) continue;
      const counters = flows.counters();
      if (isSame(counters, told)) continue;
      working.told = counters;
      yield [id, counters];
    }
  }

  #tellFull(): void {
    this.#isFull = false;
    const now = this.reactor.wheel.now();
    if (now - this.#toldFull < TELL_FULL_MS) return;
    this.#toldFull = now;
    this.#report({ kind: 'full' });
  }

  #tellPortless(backend: Backend): void {
    const now = this.reactor.wheel.now();
    if (now - this.#toldPortless < TELL_SHORTAGE_MS) return;
    this.#toldPortless = now;
    this.#report({ kind: 'log', message: portlessMessage(backend.desired) });
  }

  #tellShortage(code: string): void {
    const now = this.reactor.wheel.now();
    if (now - this.#toldShortage < TELL_SHORTAGE_MS) return;
    this.#toldShortage = now;
    const message = `a connection cannot be accepted (${code}); new ones wait; raise the limit of file descriptors (LimitNOFILE= in the systemd unit, --ulimit nofile= for docker run), or of memory`;
    this.#report({ kind: 'log', message });
  }
}

/** Whether no counter has changed. The service itself is the same. */
function isSame(counters: VirtualServiceCounters, told: Counted | undefined): boolean {
  if (!told?.backends || told.total !== counters.total || told.active !== counters.active) return false;
  const { bytesIn, bytesOut, refused, failed, retried, backends } = counters;
  return (
    told.bytesIn === bytesIn &&
    told.bytesOut === bytesOut &&
    told.refused === refused &&
    told.failed === failed &&
    told.retried === retried &&
    told.backends.length === backends.length &&
    backends.every((each, at) => {
      const before = told.backends?.[at];
      return (
        before?.active === each.active &&
        before.total === each.total &&
        before.errors === each.errors &&
        before.timeWait === each.timeWait &&
        before.portless === each.portless
      );
    })
  );
}
