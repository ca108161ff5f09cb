import type { VirtualService, VirtualServiceCounters } from '../../plane.js';
import type { TimerWheel, Expiring } from '../../../runtime/timer-wheel.js';
import type { FrontendContext } from '../frontend.js';
import { ParkedClient } from './parked-client.js';
import type { Backend } from '../../flows/backend.js';
import { Backends } from '../../flows/backends.js';
import { SourceAddresses } from '../../flows/source-addresses.js';
import type { FlowHost } from './flow-host.js';
import type { TcpFlow } from './tcp-flow.js';
import { TimeHistogram } from '../../../runtime/time-histogram.js';
import { tcpSettings, type TcpSettings } from './tcp-settings.js';

/** Descriptors per flow: the client's socket and the task's. */
const FLOW = 2;

/** Upper bounds, in milliseconds, of the times to connect to a task. There is one histogram for each port, so few. */
const CONNECT_BOUNDS_MS = [0.5, 1, 2.5, 10, 50, 250, 1000] as const;

/** The transport that carries connections. */
export interface TcpConnections<Client> {
  createFlow(client: Client, host: FlowHost<TcpFlow>): TcpFlow;
  /** The source address of a connection, canonical; `0.0.0.0` if it is gone. */
  addressOf(client: Client): string;
  /** Ends a connection that did not become a flow. The client sees a reset. */
  reset(client: Client): void;
}

/** Those of its counters that differ whenever any does, as long as no flow is open. */
export type FlowCounts = Pick<VirtualServiceCounters, 'active' | 'total' | 'refused'> &
  Partial<Pick<VirtualServiceCounters, 'backends'>>;

export interface TcpFlowsOptions<Client> {
  /** The port that clients dial. */
  readonly port: number;
  readonly context: Pick<
    FrontendContext,
    'createScheduler' | 'onSignal' | 'onPortless' | 'limits' | 'clients' | 'now'
  >;
  readonly wheel: TimerWheel;
  readonly connections: TcpConnections<Client>;
}

/**
 * The flows of one virtual service in one thread: which clients are admitted, and what happens to flows when the
 * service changes.
 */
export class TcpFlows<Client> implements FlowHost<TcpFlow> {
  readonly backends: Backends;
  readonly wheel: TimerWheel;
  readonly tally = { total: 0, refused: 0, failed: 0, retried: 0 };
  readonly sources: SourceAddresses;
  readonly now: () => number;
  settings: TcpSettings;
  readonly #context: TcpFlowsOptions<Client>['context'];
  readonly #connections: TcpConnections<Client>;
  readonly #connects = new TimeHistogram(CONNECT_BOUNDS_MS);
  readonly #flows = new Set<TcpFlow>();
  readonly #parked = new Map<ParkedClient, Client>();
  /** Open flows by client address, kept only while the service limits them. */
  #clients: Map<string, number> | undefined;
  readonly #addresses = new Map<TcpFlow, string>();
  readonly #deadlines = new Map<Backend, Expiring>();
  readonly #port: number;
  #service: VirtualService;
  #whenEmpty: (() => void)[] = [];

  constructor(service: VirtualService, { port, context, wheel, connections }: TcpFlowsOptions<Client>) {
    this.#service = service;
    this.#port = port;
    this.#context = context;
    this.#connections = connections;
    this.wheel = wheel;
    this.now = context.now;
    this.settings = tcpSettings(service, port);
    this.sources = new SourceAddresses({
      now: context.now,
      spares: (address) => {
        const hosts = context.clients?.()?.spareSources(address) ?? [];
        return hosts.length > 0 ? [this.settings.vip, ...hosts] : hosts;
      },
    });
    this.backends = new Backends(service, context);
    this.#limitClients();
  }

  accept(client: Client): void {
    if (this.#isFull || !this.#mayUse(client)) this.#refuse(client);
    else if (this.#context.limits.take(FLOW)) this.#start(client);
    else this.#park(client);
  }

  /** VIP, port and protocol cannot change. */
  update(service: VirtualService): void {
    this.#service = service;
    const before = this.settings;
    this.settings = tcpSettings(service, this.#port);
    const { gone, draining, revived } = this.backends.update(service);
    for (const backend of revived) this.#undrain(backend);
    for (const backend of draining) this.#drainBackend(backend);
    for (const backend of gone) this.sources.forget(backend);
    if (service.onDown === 'reset')
      for (const backend of gone)
        if (backend.destination.active > 0) this.#reset((each) => each.backend === backend);
    this.#limitClients();
    if (this.settings.idle !== before.idle || this.settings.halfClosed !== before.halfClosed)
      for (const flow of this.#flows) flow.recheck();
  }

  counters(): VirtualServiceCounters {
    const { service, vip, protocol, scheduler } = this.#service;
    return {
      ...{ service, vip, port: this.#port, protocol, scheduler },
      active: this.#flows.size,
      ...this.backends.bytes(),
      ...this.tally,
      backends: this.backends.counters(),
      ...(!this.#connects.isEmpty && { connects: this.#connects.read() }),
    };
  }

  /** Whether counters are what they were: no flow was open then, none is now, and no client came between. */
  isIdleSince({ active, total, refused, backends = [] }: FlowCounts): boolean {
    const { tally } = this;
    // It grows smaller by itself.
    if (backends.some(({ timeWait, portless }) => (timeWait ?? portless) !== undefined)) return false;
    return active === 0 && this.#flows.size === 0 && total === tally.total && refused === tally.refused;
  }

  /** Accepts no more flows. Resolves when all have ended; the service's drain time limits the wait. */
  async drain(): Promise<void> {
    if (this.#isEmpty()) return;
    const deadline: Expiring = { tick: undefined, expire: () => (this.#reset(() => true), Infinity) };
    this.wheel.schedule(deadline, this.wheel.now() + this.settings.drain);
    await this.#empty();
    this.wheel.cancel(deadline);
  }

  /** Ends every flow; resolves when their sockets are closed. */
  async close(): Promise<void> {
    for (const parked of this.#parked.keys()) parked.expire();
    this.#reset(() => true);
    for (const deadline of this.#deadlines.values()) this.wheel.cancel(deadline);
    if (!this.#isEmpty()) await this.#empty();
  }

  admit(flow: TcpFlow): boolean {
    if (!this.#clients) return true;
    const address = flow.client;
    if ((this.#clients.get(address) ?? 0) >= (this.#service.maxPerClient ?? 0)) return false;
    this.#countClient(flow, address, 1);
    return true;
  }

  connected(ms: number): void {
    this.#connects.add(ms);
  }

  portless(backend: Backend): void {
    backend.portless.add(this.wheel.coarse);
    this.#context.onPortless?.(backend);
  }

  ended(flow: TcpFlow): void {
    this.#flows.delete(flow);
    if (this.#clients) {
      const address = this.#addresses.get(flow);
      if (address !== undefined) this.#countClient(flow, address, -1);
    }
    this.#context.limits.give(FLOW);
    this.#tellEmpty();
  }

  #mayUse(client: Client): boolean {
    const { clients } = this.#service;
    const table = clients && this.#context.clients?.();
    return !table || table.admits(clients, this.#connections.addressOf(client));
  }

  /** Whether the service has reached its limit of flows. Other flows may have started while a client waited. */
  get #isFull(): boolean {
    return this.#flows.size >= (this.#service.maxConnections ?? Infinity);
  }

  #start(client: Client): void {
    const flow = this.#connections.createFlow(client, this);
    this.#flows.add(flow);
    flow.start();
  }

  #park(client: Client): void {
    const parked = new ParkedClient(this.#context.limits, this.wheel, (admitted) => {
      this.#parked.delete(parked);
      if (admitted && !this.#isFull) this.#start(client);
      else {
        this.#refuse(client);
        if (admitted) this.#context.limits.give(FLOW);
      }
      this.#tellEmpty();
    });
    if (parked.wait(this.settings.connect)) this.#parked.set(parked, client);
    else this.#refuse(client);
  }

  #refuse(client: Client): void {
    this.tally.refused++;
    this.#connections.reset(client);
  }

  #limitClients(): void {
    const isLimited = this.#service.maxPerClient !== undefined;
    if (isLimited === (this.#clients !== undefined)) return;
    this.#addresses.clear();
    this.#clients = isLimited ? new Map() : undefined;
    if (isLimited) for (const flow of this.#flows) if (flow.backend) this.#countClient(flow, flow.client, 1);
  }

  #countClient(flow: TcpFlow, address: string, by: 1 | -1): void {
    if (by === 1) this.#addresses.set(flow, address);
    else this.#addresses.delete(flow);
    const count = (this.#clients?.get(address) ?? 0) + by;
    if (count > 0) this.#clients?.set(address, count);
    else this.#clients?.delete(address);
  }

  #drainBackend(backend: Backend): void {
    const time = backend.drainTime(this.settings.drain);
    if (time === Infinity) return;
    const expire = (): number => {
      this.#deadlines.delete(backend);
      this.#reset((flow) => flow.backend === backend);
      return Infinity;
    };
    const deadline: Expiring = { tick: undefined, expire };
    this.#deadlines.set(backend, deadline);
    this.wheel.schedule(deadline, this.wheel.now() + time);
  }

  #undrain(backend: Backend): void {
    const deadline = this.#deadlines.get(backend);
    if (deadline) this.wheel.cancel(deadline);
    this.#deadlines.delete(backend);
  }

  #reset(which: (flow: TcpFlow) => boolean): void {
    for (const flow of this.#flows) if (which(flow)) flow.reset();
  }

  #isEmpty(): boolean {
    return this.#flows.size === 0 && this.#parked.size === 0;
  }

  #empty(): Promise<void> {
    return new Promise((resolve) => this.#whenEmpty.push(resolve));
  }

  #tellEmpty(): void {
    if (this.#whenEmpty.length === 0 || !this.#isEmpty()) return;
    const waiting = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const resolve of waiting) resolve();
  }
}
