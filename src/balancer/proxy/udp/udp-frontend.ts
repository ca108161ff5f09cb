import type { Socket } from 'node:dgram';
import { ipFamily, type HostPort } from '../../../net/ip.js';
import type { VirtualService, VirtualServiceCounters } from '../../plane.js';
import type { FrontendContext, LocalFrontend } from '../frontend.js';
import { BatchPace } from './batch-pace.js';
import { loadUdpBatch, type UdpBatch } from './udp-batch.js';
import type { FlowKey } from './udp-flow-key.js';
import { UdpFlows } from './udp-flows.js';
import { bindVip, type VipSocket } from './udp-listener.js';
import { SendGate } from './udp-send-gate.js';
import type { SessionSocket, UdpSession } from './udp-session.js';
import { UdpTicker, type Every } from './udp-ticker.js';
import type { UpstreamEvents, UpstreamFault } from './udp-upstream.js';

/** Sessions of one service. Each uses a port of this host, of which there are about 28,000. */
const MAX_SESSIONS = 16_384;
/** The granularity of idle times, in milliseconds. */
const TICK = 500;

export interface UdpOptions {
  /** The most concurrent sessions; 16,384 by default. Beyond that, a new session ends the least recently used one. */
  readonly maxSessions?: number;
  /** False: each datagram costs its own system calls, as where the C library is not available. */
  readonly batches?: boolean;
  /** The source of ticks; `setInterval` by default. */
  readonly every?: Every;
}

/**
 * A UDP service on its VIP. A session is a client's address and port. Each session has its own socket to its task, so
 * that replies find their way back and an unreachable task is noticed. A datagram for which there is no task is counted
 * as `refused` and dropped silently, because a socket cannot send ICMP.
 * @throws the socket's error, with its `code`, when it cannot be bound
 */
export async function listenUdp(
  service: VirtualService,
  context: FrontendContext,
  options: UdpOptions = {},
): Promise<LocalFrontend> {
  const batch = options.batches === false ? undefined : await loadUdpBatch();
  context.limits.listen();
  let bound: VipSocket;
  try {
    bound = await bindVip({ ip: service.vip, port: service.port }, batch, context.shares?.());
  } catch (error) {
    context.limits.unlisten();
    throw error;
  }
  return new UdpFrontend(bound, service, context, { ...options, batch });
}

class UdpFrontend implements LocalFrontend, UpstreamEvents<UdpSession> {
  readonly address: HostPort;
  readonly #socket: Socket;
  readonly #gate: SendGate;
  readonly #leave: () => void;
  readonly #batch: { readonly batch: UdpBatch; readonly fd: number; readonly pace: BatchPace } | undefined;
  readonly #context: FrontendContext;
  readonly #ticker: UdpTicker;
  readonly #flows: UdpFlows;
  #service: VirtualService;
  #bytesIn = 0;
  #bytesOut = 0;
  #state: 'open' | 'draining' | 'closed' = 'open';
  #drainAt = Infinity;
  /** Milliseconds. Shorter than the timeouts when the whole plane drains. */
  #idle = Infinity;
  #whenEmpty: (() => void)[] = [];

  constructor(
    { socket, fd }: VipSocket,
    service: VirtualService,
    context: FrontendContext,
    options: UdpOptions & { readonly batch: UdpBatch | undefined },
  ) {
    const { batch, maxSessions = MAX_SESSIONS } = options;
    this.address = { ip: service.vip, port: socket.address().port };
    this.#socket = socket;
    this.#gate = new SendGate(socket);
    if (batch && fd !== undefined && ipFamily(service.vip) === 4)
      this.#batch = { batch, fd, pace: new BatchPace() };
    this.#leave = () => {
      if (batch && fd !== undefined) batch.leaveToOthers(fd, this.address);
    };
    this.#context = context;
    this.#ticker = new UdpTicker(TICK, () => this.#tick(), options.every);
    this.#service = service;
    this.#flows = new UdpFlows(service, {
      vip: this.address,
      context,
      events: this,
      batch,
      maxSessions,
      grain: TICK,
      onEmpty: () => this.#onEmpty(),
    });
    socket.on('message', (datagram, { address, port }) => {
      this.#onDatagram(datagram, address, port);
      if (this.#batch?.pace.due()) this.#readBatch();
    });
    socket.on('error', ({ message }) => {
      context.log.warn(
        `the UDP socket of ${service.service} at ${service.vip}:${service.port} has failed: ${message}`,
      );
    });
  }

  update(service: VirtualService): void {
    this.#service = service;
    if (this.#state !== 'closed') this.#flows.update(service);
  }

  counters(): VirtualServiceCounters {
    const { service, vip, protocol, scheduler } = this.#service;
    return {
      ...{ service, vip, port: this.address.port, protocol, scheduler },
      active: this.#flows.size,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      ...this.#flows.counters,
      backends: this.#flows.backends.counters(),
    };
  }

  lately(): VirtualServiceCounters {
    return this.counters();
  }

  drain(idle = Infinity): Promise<void> {
    this.#idle = Math.min(this.#idle, idle);
    if (this.#state === 'open') {
      this.#state = 'draining';
      this.#drainAt = this.#context.now() + this.#flows.drainTime;
    }
    return new Promise((resolve) => {
      if (this.#flows.size === 0) resolve();
      else this.#whenEmpty.push(resolve);
    });
  }

  leaveToSuccessor(): void {
    if (this.#state !== 'closed') this.#leave();
  }

  close(): Promise<void> {
    if (this.#state === 'closed') return Promise.resolve();
    this.#state = 'closed';
    this.#batch?.batch.replies.flush();
    this.#flows.close();
    this.#ticker.stop();
    this.#context.limits.unlisten();
    return new Promise((resolve) => {
      this.#socket.close(() => resolve());
    });
  }

  reply(upstream: SessionSocket, datagram: Buffer): void {
    const { backend, session } = upstream;
    if (!session) {
      this.#flows.discard(upstream);
      return;
    }
    if (session.queries?.matches(datagram) === false) return;
    this.#bytesOut += datagram.length;
    backend.bytesOut += datagram.length;
    // Port 0 means that the client wants no reply (RFC 768).
    if (session.port !== 0 && !this.#isTaken(session.key, datagram) && this.#gate.open())
      this.#socket.send(datagram, session.port, session.address);
    this.#flows.answered(session, 1);
    this.#flows.backends.answered(backend);
  }

  /** Whether a reply leaves together with others. */
  #isTaken(key: FlowKey, datagram: Buffer): boolean {
    if (!this.#batch || typeof key !== 'number' || this.#state === 'closed') return false;
    return this.#batch.batch.replies.take(this.#batch.fd, key, datagram);
  }

  replies(upstream: SessionSocket, count: number): void {
    const { backend, session } = upstream;
    if (!this.#batch || !session || typeof session.key !== 'number') return;
    const { batch, fd } = this.#batch;
    if (this.#flows.countsReplies || session.queries || session.port === 0) {
      for (let place = 0; place < count && !upstream.closed; place++) this.reply(upstream, batch.copy(place));
      return;
    }
    const octets = batch.forPeer(count, session.key);
    this.#bytesOut += octets;
    backend.bytesOut += octets;
    this.#flows.answered(session, count);
    // The reply before these may still be held for the end of the turn.
    batch.replies.flush();
    batch.send(fd, 0, count);
  }

  fault(upstream: SessionSocket, fault: UpstreamFault, reason: string): void {
    const { backend, session } = upstream;
    if (fault === 'datagram') return;
    if (fault === 'local') {
      // Without a session, the refusal was already counted where the session could not be created.
      if (session) this.#flows.counters.refused++;
      if (session && !this.#flows.lose(session, upstream)) this.#flows.end(session);
      this.#flows.discard(upstream);
      return;
    }
    if (session && !this.#flows.lose(session, upstream)) {
      const again = this.#flows.refused(session, backend);
      if (again && session.upstream) this.#forward(session, session.upstream, again);
    }
    this.#flows.discard(upstream);
    this.#flows.backends.fail(backend, reason);
  }

  #onDatagram(datagram: Buffer, address: string, port: number): void {
    const session = this.#flows.find(address, port) ?? this.#open(address, port);
    if (!session) return;
    const upstream = this.#flows.isPerDatagram
      ? this.#flows.next(session, datagram)
      : (session.upstream ?? this.#flows.attach(session, datagram));
    if (!upstream) return;
    this.#bytesIn += datagram.length;
    this.#forward(session, upstream, datagram);
  }

  #open(address: string, port: number): UdpSession | undefined {
    if (this.#state !== 'open') {
      this.#flows.counters.refused++;
      return undefined;
    }
    this.#ticker.start();
    return this.#flows.open(address, port);
  }

  #forward(session: UdpSession, upstream: SessionSocket, datagram: Buffer): void {
    upstream.backend.bytesIn += datagram.length;
    if (session.requests++ > 0) {
      session.first = undefined;
      session.queries?.add(datagram);
    }
    this.#flows.sent(session);
    // A send consumes the pending error of an earlier send and is then not sent itself. One of the two sends after the
    // first of a run does so. Checking these two therefore reveals an unreachable task, even if a burst leaves no error
    // to read.
    const nth = session.unanswered++ & 15;
    upstream.send(session.header ? [session.header, datagram] : datagram, nth === 1 || nth === 2);
  }

  /**
   * Reads what is queued behind the datagram that Node has read. Runs of datagrams of one session are sent without
   * copying.
   */
  #readBatch(): void {
    if (!this.#batch || this.#state === 'closed') return;
    const { batch, fd, pace } = this.#batch;
    const got = batch.receive(fd);
    const count = typeof got === 'number' ? got : 0;
    pace.note(count);
    batch.forConnected(count);
    for (let place = 0; place < count;) {
      const key = batch.peer(place);
      const session = this.#flows.findKey(key);
      // Queries are kept, a header has to go before each, or each is for another task: those are sent one by one.
      const isSingle = session?.queries ?? session?.header;
      if (!session?.upstream?.sendsBatches || isSingle || this.#flows.isPerDatagram) {
        this.#onDatagram(batch.copy(place), batch.peerAddress(place), batch.peerPort(place));
        place++;
        continue;
      }
      let end = place;
      let octets = 0;
      for (; end < count && batch.peer(end) === key; end++) octets += batch.length(end);
      this.#forwardBatch(session, session.upstream, place, end - place, octets);
      place = end;
    }
  }

  #forwardBatch(
    session: UdpSession,
    upstream: SessionSocket,
    first: number,
    count: number,
    octets: number,
  ): void {
    this.#bytesIn += octets;
    upstream.backend.bytesIn += octets;
    session.requests += count;
    session.first = undefined;
    this.#flows.sent(session);
    upstream.sendBatch(first, count);
  }

  #onEmpty(): void {
    if (this.#state !== 'open') for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  #tick(): void {
    const now = this.#context.now();
    if (now >= this.#drainAt) this.#flows.endAll();
    if (!this.#flows.tick(now, this.#idle)) this.#ticker.stop();
  }
}
