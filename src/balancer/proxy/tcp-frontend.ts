import { createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { HostPort } from '../../net/ip.js';
import type { VirtualService, VirtualServiceCounters } from '../data-plane.js';
import type { DeadlineWheel, Expiring } from './deadline-wheel.js';
import type { Frontend, FrontendContext, Listen } from './frontend.js';
import { ParkedClient } from './parked-client.js';
import { TcpBackends, type TcpBackend } from './tcp-backends.js';
import { HIGH_WATER_MARK, TcpFlow, type FlowHost } from './tcp-flow.js';
import { tcpSettings, type TcpSettings } from './tcp-settings.js';

/** Descriptors of one flow: the client's socket and the task's. */
const FLOW = 2;
/** As long as the kernel allows (net.core.somaxconn). */
const BACKLOG = 65_535;
/** Under a flood the queue is never empty: then the listener closes all the same. */
const MAX_ACCEPT_MS = 2000;

/** Listens on a virtual service's address. @param wheel the one wheel of the plane */
export const tcpListen =
  (wheel: DeadlineWheel): Listen =>
  async (service, context) => {
    const server = createServer({
      allowHalfOpen: true,
      pauseOnConnect: true,
      noDelay: true,
      highWaterMark: HIGH_WATER_MARK,
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      const port = context.anyPort?.() ? 0 : service.port;
      server.listen({ host: service.vip, port, backlog: BACKLOG }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return new TcpFrontend(server, service, context, wheel);
  };

class TcpFrontend implements Frontend, FlowHost {
  readonly address: HostPort;
  readonly backends: TcpBackends;
  readonly wheel: DeadlineWheel;
  readonly tally = { refused: 0, failed: 0, retried: 0 };
  settings: TcpSettings;
  readonly #server: Server;
  readonly #context: FrontendContext;
  readonly #flows = new Set<TcpFlow>();
  readonly #parked = new Set<Socket>();
  /** Open flows by client address, while the service has a limit on them. */
  #clients: Map<string, number> | undefined;
  readonly #addresses = new Map<TcpFlow, string>();
  readonly #deadlines = new Map<TcpBackend, Expiring>();
  /** The one that clients dial. */
  readonly #port: number;
  #service: VirtualService;
  #accepted = 0;
  #total = 0;
  #listening = true;
  #whenEmpty: (() => void)[] = [];

  constructor(server: Server, service: VirtualService, context: FrontendContext, wheel: DeadlineWheel) {
    const bound = server.address();
    const port = typeof bound === 'object' && bound !== null ? bound.port : service.port;
    this.address = { ip: service.vip, port };
    this.#port = service.port === 0 ? port : service.port;
    this.#server = server;
    this.#service = service;
    this.#context = context;
    this.wheel = wheel;
    this.settings = tcpSettings(service, this.#port);
    this.backends = new TcpBackends(service, context);
    this.#limitClients();
    context.limits.hold(1);
    server.on('connection', (socket) => this.#accept(socket));
    // Accepting has failed once; the listener goes on.
    server.on('error', (error) =>
      context.log(`VIP ${service.vip}:${port}/tcp: cannot accept: ${error.message}`),
    );
  }

  update(service: VirtualService): void {
    this.#service = service;
    const before = this.settings;
    this.settings = tcpSettings(service, this.#port);
    const { gone, draining, revived } = this.backends.update(service);
    for (const backend of revived) this.#undrain(backend);
    for (const backend of draining) this.#drainBackend(backend);
    if (service.onDown === 'reset')
      for (const backend of gone) this.#reset((each) => each.backend === backend);
    this.#limitClients();
    if (this.settings.idle !== before.idle || this.settings.halfClosed !== before.halfClosed)
      for (const flow of this.#flows) flow.recheck();
  }

  counters(): VirtualServiceCounters {
    const { service, vip, protocol, scheduler } = this.#service;
    return {
      service,
      vip,
      port: this.#port,
      ...(this.#port !== this.address.port && { listenPort: this.address.port }),
      protocol,
      scheduler,
      active: this.#flows.size,
      total: this.#total,
      ...this.backends.bytes(),
      ...this.tally,
      backends: this.backends.counters(),
    };
  }

  async stopListening(): Promise<void> {
    await this.#acceptQueued();
    this.#closeListener();
  }

  async drain(): Promise<void> {
    await this.stopListening();
    if (this.#flows.size === 0 && this.#parked.size === 0) return;
    const deadline: Expiring = { slot: undefined, expire: () => (this.#reset(() => true), Infinity) };
    this.wheel.schedule(deadline, this.wheel.now() + this.settings.drain);
    await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
    this.wheel.cancel(deadline);
  }

  async close(): Promise<void> {
    this.#closeListener();
    for (const client of this.#parked) client.resetAndDestroy();
    this.#reset(() => true);
    for (const deadline of this.#deadlines.values()) this.wheel.cancel(deadline);
    if (this.#flows.size > 0 || this.#parked.size > 0)
      await new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
  }

  admit(flow: TcpFlow): boolean {
    if (!this.#clients) return true;
    const address = flow.client;
    if ((this.#clients.get(address) ?? 0) >= (this.#service.maxPerClient ?? 0)) return false;
    this.#countClient(flow, address, 1);
    return true;
  }

  ended(flow: TcpFlow): void {
    this.#flows.delete(flow);
    const address = this.#addresses.get(flow);
    if (address !== undefined) this.#countClient(flow, address, -1);
    this.#context.limits.give(FLOW);
    this.#tellEmpty();
  }

  /** The kernel resets what it has queued when a listener closes, and Node takes one of them in a turn of the event loop. */
  async #acceptQueued(): Promise<void> {
    const until = this.wheel.now() + MAX_ACCEPT_MS;
    await turn();
    for (let before = -1; before !== this.#accepted && this.wheel.now() < until;) {
      before = this.#accepted;
      await turn();
    }
  }

  #accept(client: Socket): void {
    this.#accepted++;
    const { maxConnections = Infinity } = this.#service;
    if (this.#flows.size >= maxConnections) this.#refuse(client);
    else if (this.#context.limits.take(FLOW)) this.#start(client);
    else this.#park(client);
  }

  #start(client: Socket): void {
    const flow = new TcpFlow(client, this);
    this.#flows.add(flow);
    this.#total++;
    flow.start();
  }

  #park(client: Socket): void {
    client.on('error', () => undefined);
    const parked = new ParkedClient(client, this.#context.limits, this.wheel, (admitted) => {
      this.#parked.delete(client);
      if (admitted) this.#start(client);
      else this.#refuse(client);
      this.#tellEmpty();
    });
    if (parked.wait(this.settings.connect)) this.#parked.add(client);
    else this.#refuse(client);
  }

  #refuse(client: Socket): void {
    this.tally.refused++;
    client.on('error', () => undefined);
    client.resetAndDestroy();
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

  #drainBackend(backend: TcpBackend): void {
    if (this.settings.drain === Infinity) return;
    const expire = (): number => {
      this.#deadlines.delete(backend);
      this.#reset((flow) => flow.backend === backend);
      return Infinity;
    };
    const deadline: Expiring = { slot: undefined, expire };
    this.#deadlines.set(backend, deadline);
    this.wheel.schedule(deadline, this.wheel.now() + this.settings.drain);
  }

  #undrain(backend: TcpBackend): void {
    const deadline = this.#deadlines.get(backend);
    if (deadline) this.wheel.cancel(deadline);
    this.#deadlines.delete(backend);
  }

  #reset(which: (flow: TcpFlow) => boolean): void {
    for (const flow of this.#flows) if (which(flow)) flow.reset();
  }

  #closeListener(): void {
    if (!this.#listening) return;
    this.#listening = false;
    this.#server.close();
    this.#context.limits.hold(-1);
  }

  #tellEmpty(): void {
    if (this.#flows.size > 0 || this.#parked.size > 0) return;
    const waiting = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const resolve of waiting) resolve();
  }
}
