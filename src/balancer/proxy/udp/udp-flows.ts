import { canonicalIp, type HostPort } from '../../../net/ip.js';
import type { VirtualService } from '../../plane.js';
import type { Flow } from '../../schedulers/scheduler.js';
import type { FrontendContext } from '../frontend.js';
import type { Backend } from '../../flows/backend.js';
import { Backends } from '../../flows/backends.js';
import type { UdpBatch } from './udp-batch.js';
import { UdpClientCounts } from './udp-client-counts.js';
import { DnsQueries, questionLength } from './udp-dns-match.js';
import type { FlowKey } from './udp-flow-key.js';
import { udpProxyHeader } from './udp-proxy-header.js';
import type { UdpSession, SessionSocket } from './udp-session.js';
import { UdpSessionTable } from './udp-session-table.js';
import { UdpSockets } from './udp-sockets.js';
import { udpSettings, type UdpSettings } from './udp-settings.js';
import type { UpstreamEvents } from './udp-upstream.js';

/** The longest datagram that is kept for another task: what fits into one Ethernet frame. */
const MAX_KEPT = 1472;

export interface UdpFlowsOptions {
  readonly vip: HostPort;
  readonly context: FrontendContext;
  /** Receives the events of the sockets to tasks. */
  readonly events: UpstreamEvents<UdpSession>;
  readonly batch: UdpBatch | undefined;
  readonly maxSessions: number;
  /** How many milliseconds too early a datagram's recorded time may be. */
  readonly grain: number;
  /** Called when the last session has ended. */
  readonly onEmpty: () => void;
}

/** The sessions of one UDP service, with the task and socket of each. */
export class UdpFlows {
  readonly counters = { total: 0, refused: 0, failed: 0, retried: 0 };
  readonly #options: UdpFlowsOptions;
  readonly #table: UdpSessionTable;
  readonly #sockets: UdpSockets;
  readonly #backends: Backends;
  /** When to end the sessions of a draining task. */
  readonly #drains = new Map<Backend, number>();
  readonly #clients = new UdpClientCounts();
  #service: VirtualService;
  #settings: UdpSettings;
  /** Updated by each tick and each new session, so that datagrams need not read the clock. */
  #now: number;
  #isClosed = false;

  constructor(service: VirtualService, options: UdpFlowsOptions) {
    const { context, events, batch, maxSessions } = options;
    this.#options = options;
    this.#table = new UdpSessionTable(maxSessions, (session) => this.#release(session));
    this.#sockets = new UdpSockets(context.limits, events, batch);
    this.#now = context.now();
    this.#service = service;
    this.#settings = udpSettings(service);
    this.#backends = new Backends(service, context);
    this.#limitClients();
  }

  get size(): number {
    return this.#table.size;
  }

  /** Whether sessions end after a number of replies. */
  get countsReplies(): boolean {
    return this.#settings.replies !== undefined;
  }

  /** Whether a task is chosen for each datagram. */
  get isPerDatagram(): boolean {
    return this.#settings.ops;
  }

  /** How long sessions may go on when the service or a task of it drains. */
  get drainTime(): number {
    return this.#settings.drain;
  }

  get backends(): Backends {
    return this.#backends;
  }

  update(service: VirtualService): void {
    const { context } = this.#options;
    this.#service = service;
    this.#settings = udpSettings(service);
    this.#now = context.now();
    const { gone, draining, revived } = this.#backends.update(service);
    for (const backend of draining)
      this.#drains.set(backend, this.#now + backend.drainTime(this.#settings.drain));
    for (const backend of [...revived, ...gone]) this.#drains.delete(backend);
    this.#limitClients();
    if (gone.length > 0) this.#leaveWhere((backend) => backend.gone);
    this.#sockets.forget(gone);
  }

  find(address: string, port: number): UdpSession | undefined {
    return this.#table.find(address, port);
  }

  findKey(key: FlowKey): UdpSession | undefined {
    return this.#table.findKey(key);
  }

  /** Creates a session for a new client. Undefined, and counted, if a limit refuses it. */
  open(address: string, port: number): UdpSession | undefined {
    const isFull = this.#table.size >= (this.#service.maxConnections ?? Infinity);
    if (isFull || !this.#mayUse(address) || !this.#clients.admits(address)) {
      this.counters.refused++;
      return undefined;
    }
    this.#now = this.#options.context.now();
    const session = this.#table.add(address, port, this.#now);
    this.#clients.add(address);
    return session;
  }

  /**
   * Gives a session a task and a socket to it. If there is none, the session ends, and the next datagram starts a new
   * one.
   * @param datagram the datagram to send
   */
  attach(
    session: UdpSession,
    datagram: Buffer,
    backend: Backend | undefined = this.#pick(session),
  ): SessionSocket | undefined {
    const isCounted = this.countsReplies;
    const isDns = isCounted && questionLength(datagram) > 0;
    const upstream = backend && this.#sockets.take(backend, isDns, this.#now, () => this.#makeRoom(session));
    if (!upstream) {
      this.counters.refused++;
      this.end(session);
      return undefined;
    }
    // A session that moved to another task is not a new one.
    if (session.refusedBy) this.counters.retried++;
    else this.counters.total++;
    session.first = isCounted && datagram.length <= MAX_KEPT ? datagram : undefined;
    session.queries = isDns ? new DnsQueries(datagram) : undefined;
    session.requests = session.replies = session.unanswered = 0;
    session.header =
      this.#service.proxyProtocol === 'v2' ? udpProxyHeader(session, this.#options.vip) : undefined;
    session.upstream = upstream;
    upstream.session = session;
    upstream.uses++;
    backend.total++;
    this.#backends.hold(backend, clientOf(session));
    return upstream;
  }

  /**
   * The socket for the next datagram of a session, where a task is chosen for each: the session keeps one to every
   * task that it had, so that replies find back.
   * @returns undefined, and counted, when no task takes it
   */
  next(session: UdpSession, datagram: Buffer): SessionSocket | undefined {
    const upstream = session.upstream ?? this.#promote(session);
    if (!upstream) return this.attach(session, datagram);
    const backend = this.#pick(session);
    const chosen = backend && (backend === upstream.backend ? upstream : this.#another(session, backend));
    if (!chosen) {
      this.counters.refused++;
      return undefined;
    }
    this.counters.total++;
    chosen.backend.total++;
    if (chosen === upstream) return chosen;
    session.others ??= new Map();
    session.others.delete(chosen.backend);
    session.others.set(upstream.backend, upstream);
    session.upstream = chosen;
    session.first = undefined;
    return chosen;
  }

  /** Notes datagrams from the client. */
  sent(session: UdpSession): void {
    this.#table.touch(session, this.#now);
  }

  /** Records datagrams from the task. A session with all its replies ends. */
  answered(session: UdpSession, count: number): void {
    session.replies += count;
    session.unanswered = 0;
    session.first = session.refusedBy = undefined;
    if (this.#isComplete(session)) this.end(session);
    else this.#table.reply(session, this.#now);
  }

  /**
   * Called when a task has refused. If the session sent only one datagram, it may go to another task, once. Otherwise
   * the next datagram picks another task.
   * @returns the datagram to send again, if the session has another task
   */
  refused(session: UdpSession, by: Backend): Buffer | undefined {
    const { first } = session;
    const isFirstTry = session.refusedBy === undefined;
    this.#detach(session);
    (session.refusedBy ??= new Set()).add(by.desired.id);
    const other = first && isFirstTry ? this.#pick(session) : undefined;
    if (!first || !other || other === by) {
      this.counters.failed++;
      return undefined;
    }
    return this.attach(session, first, other) && first;
  }

  /** Lets go of one socket that a session has beside the one in use. @returns whether it was one */
  lose(session: UdpSession, upstream: SessionSocket): boolean {
    if (session.upstream === upstream || !session.others?.delete(upstream.backend)) return false;
    upstream.session = undefined;
    this.#backends.release(upstream.backend, clientOf(session));
    this.#sockets.discard(upstream);
    return true;
  }

  end(session: UdpSession): void {
    if (this.#table.remove(session)) this.#release(session);
  }

  endAll(): void {
    this.#endWhere(() => true);
  }

  /** Discards an idle socket that failed, or that received something for which no session waits. */
  discard(upstream: SessionSocket): void {
    this.#sockets.discard(upstream);
  }

  /**
   * Ends sessions that were idle or draining for too long.
   * @param idle milliseconds after which every session counts as idle
   * @returns whether there is anything left to watch
   */
  tick(now: number, idle = Infinity): boolean {
    this.#now = now;
    const { unreplied, replied } = this.#settings.timeouts;
    const timeouts = {
      unreplied: Math.min(unreplied, idle),
      replied: Math.min(replied, idle),
    };
    this.#table.expire(now - this.#options.grain, timeouts, (session) => this.#release(session));
    for (const [backend, drainAt] of this.#drains)
      if (now >= drainAt && backend.destination.active > 0) this.#leaveWhere((each) => each === backend);
    return this.#sockets.discardStale(now) + this.#table.size > 0;
  }

  close(): void {
    this.#isClosed = true;
    this.endAll();
    this.#sockets.discardAllResting();
  }

  #pick({ address, port, refusedBy }: UdpSession): Backend | undefined {
    const { ip: vip, port: vipPort } = this.#options.vip;
    const flow: Flow = { client: canonicalIp(address) ?? address, clientPort: port, vip, vipPort };
    const picked = this.#backends.pick(flow, refusedBy);
    if (picked || !refusedBy) return picked;
    // All tasks have refused. The first ones may be back by now.
    refusedBy.clear();
    return this.#backends.pick(flow);
  }

  /** Puts one of the other sockets of a session in use. */
  #promote(session: UdpSession): SessionSocket | undefined {
    const [upstream] = session.others?.values() ?? [];
    if (upstream) session.others?.delete(upstream.backend);
    session.upstream = upstream;
    return upstream;
  }

  /** A socket of a session to a task that is not the one in use. */
  #another(session: UdpSession, backend: Backend): SessionSocket | undefined {
    const known = session.others?.get(backend);
    if (known) return known;
    const made = this.#sockets.take(backend, false, this.#now, () => this.#makeRoom(session));
    if (!made) return undefined;
    made.session = session;
    made.uses++;
    this.#backends.hold(backend, clientOf(session));
    return made;
  }

  /** Ends what sessions have to do with these tasks: all of it where a session has one task alone. */
  #leaveWhere(isLeft: (backend: Backend) => boolean): void {
    for (const session of this.#table.values()) {
      for (const each of session.others?.values() ?? []) if (isLeft(each.backend)) this.lose(session, each);
      if (!session.upstream || !isLeft(session.upstream.backend)) continue;
      if (session.others?.size) this.#detach(session);
      else this.end(session);
    }
  }

  #mayUse(address: string): boolean {
    const { clients } = this.#service;
    const table = clients && this.#options.context.clients?.();
    return !table || table.admits(clients, canonicalIp(address) ?? address);
  }

  #limitClients(): void {
    const addresses = () => Array.from(this.#table.values(), ({ address }) => address);
    this.#clients.update(this.#service.maxPerClient, addresses);
  }

  /** Frees a descriptor: that of a resting socket, or else that of the most expendable session. */
  #makeRoom(except: UdpSession): boolean {
    if (this.#sockets.discardResting()) return true;
    const victim = this.#table.victim(except);
    if (victim) this.end(victim);
    return victim !== undefined;
  }

  #isComplete({ requests, replies }: UdpSession): boolean {
    const expected = this.#settings.replies;
    return expected !== undefined && replies >= requests * expected;
  }

  #detach(session: UdpSession): void {
    const { upstream } = session;
    if (!upstream) return;
    const { backend } = upstream;
    session.upstream = upstream.session = undefined;
    this.#backends.release(backend, clientOf(session));
    // With others it may still hear replies to what the next session would ask.
    const mayRest = this.#isComplete(session) && !session.others;
    if (mayRest && !backend.gone && !this.#isClosed) this.#sockets.rest(upstream, this.#now);
    else this.#sockets.discard(upstream);
  }

  #endWhere(ends: (session: UdpSession) => boolean): void {
    for (const session of this.#table.values()) if (ends(session)) this.end(session);
  }

  /** Releases the resources of a session that has left the table. */
  #release(session: UdpSession): void {
    this.#detach(session);
    for (const each of session.others?.values() ?? []) this.lose(session, each);
    this.#clients.remove(session.address);
    if (this.#table.size === 0) this.#options.onEmpty();
  }
}

function clientOf({ address }: UdpSession): string {
  return canonicalIp(address) ?? address;
}
