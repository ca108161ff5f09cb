import { connect, type Socket } from 'node:net';
import { canonicalIp, type HostPort } from '../../net/ip.js';
import type { Flow } from '../schedulers/scheduler.js';
import { errorCode, taskFault } from './attempt-fault.js';
import type { DeadlineWheel, Expiring } from './deadline-wheel.js';
import { formatProxyHeader, type ProxiedAddresses } from './proxy-protocol.js';
import { readProxyHeader } from './read-proxy-header.js';
import type { TcpBackend, TcpBackends } from './tcp-backends.js';
import type { TcpSettings } from './tcp-settings.js';

/** What a flow needs from the frontend that it came in by. */
export interface FlowHost {
  /** As of now; an update replaces it. */
  readonly settings: TcpSettings;
  readonly backends: TcpBackends;
  readonly wheel: DeadlineWheel;
  /** How many flows nobody was there for, no attempt could carry, and how many further attempts were made. */
  readonly tally: { refused: number; failed: number; retried: number };
  /** Whether its client may have one more flow; asked once, when the client's address is known. */
  admit(flow: TcpFlow): boolean;
  /** Its sockets are closed. */
  ended(flow: TcpFlow): void;
}

/** Above this many octets a stream holds what comes back: one read of Node's (64 KiB) goes through, two do not. */
export const HIGH_WATER_MARK = 64 * 1024 + 1;
const UPSTREAM = { allowHalfOpen: true, noDelay: true, highWaterMark: HIGH_WATER_MARK };
/** Tasks that one flow is tried on. */
const ATTEMPTS = 3;
/** Idle time after which the kernel asks whether a peer is still there; Node then asks ten times, once a second. */
const KEEPALIVE_MS = 60_000;

type Phase = 'header' | 'connecting' | 'open' | 'over';

/** What a stream tells by its 'close' too. A listener must be there, or it would stop the process. */
const ignore = (): void => undefined;

/**
 * One client's connection and the one to its task. Each direction ends by itself (RFC 9293 section 3.6); a reset of one
 * side resets the other. Until the first octet has gone either way, a task that fails is replaced by another.
 */
export class TcpFlow implements Flow, Expiring {
  slot: number | undefined = undefined;
  readonly #client: Socket;
  readonly #host: FlowHost;
  #phase: Phase = 'header';
  #upstream: Socket | undefined = undefined;
  #backend: TcpBackend | undefined = undefined;
  #tried: Set<string> | undefined = undefined;
  /** Of the header that the client began with. */
  #proxied: ProxiedAddresses | undefined = undefined;
  /** What the client sent behind its header. */
  #early: Buffer | undefined = undefined;
  #deadline = Infinity;
  #active = 0;
  /** An octet of the client has been handed to the task, or one of the task to the client. */
  #forwarded = false;
  #answered = false;
  #clientEnded = false;
  #upstreamEnded = false;
  #listening = false;
  #keepAlive = false;
  #released = false;

  /** @param client paused, with nothing read yet */
  constructor(client: Socket, host: FlowHost) {
    this.#client = client;
    this.#host = host;
    client.on('error', ignore);
    client.on('close', (hadError) => this.#clientClosed(hadError));
  }

  get client(): string {
    return this.#proxied?.source.ip ?? clientIp(this.#client);
  }

  get clientPort(): number {
    return this.#proxied?.source.port ?? this.#client.remotePort ?? 0;
  }

  get vip(): string {
    return this.#host.settings.vip;
  }

  get vipPort(): number {
    return this.#host.settings.port;
  }

  get backend(): TcpBackend | undefined {
    return this.#backend;
  }

  start(): void {
    if (!this.#host.settings.acceptProxy) {
      this.#begin();
      return;
    }
    this.#wakeIn(this.#host.settings.header);
    readProxyHeader(this.#client, (header) => {
      if (this.#phase !== 'header') return;
      this.#proxied = header?.addresses;
      this.#early = header?.rest;
      if (header) this.#begin();
      else this.#refuse();
    });
  }

  /** Ends both connections at once; both peers see a reset. */
  reset(): void {
    const connecting = this.#phase === 'connecting';
    this.#phase = 'over';
    this.#client.resetAndDestroy();
    // Node would wait for the connection first, so as to reset it.
    if (connecting) this.#upstream?.destroy();
    else this.#upstream?.resetAndDestroy();
  }

  /** Timeouts have changed: looks anew when the next is due. */
  recheck(): void {
    if (this.#phase === 'open') this.#host.wheel.schedule(this, this.#host.wheel.now());
  }

  expire(now: number): number {
    if (this.#phase === 'open') return this.#expireOpen(now);
    if (this.#phase === 'over') return Infinity;
    if (now < this.#deadline) return this.#deadline;
    if (this.#phase === 'header') {
      this.#refuse();
      return Infinity;
    }
    this.#upstream?.destroy();
    this.#attemptFailed('ETIMEDOUT');
    return this.#deadline;
  }

  #expireOpen(now: number): number {
    // Most connections are over by now and never pay for this.
    if (!this.#keepAlive) {
      this.#keepAlive = true;
      this.#client.setKeepAlive(true, KEEPALIVE_MS);
      this.#upstream?.setKeepAlive(true, KEEPALIVE_MS);
    }
    const { idle, halfClosed } = this.#host.settings;
    const isHalf = this.#clientEnded || this.#upstreamEnded;
    const due = this.#active + Math.min(idle, isHalf ? halfClosed : Infinity);
    if (now < due) return due;
    this.reset();
    return Infinity;
  }

  #wakeIn(ms: number): void {
    const { wheel } = this.#host;
    this.#deadline = wheel.now() + ms;
    wheel.schedule(this, this.#deadline);
  }

  #refuse(): void {
    this.#host.tally.refused++;
    this.reset();
  }

  #begin(): void {
    if (this.#host.admit(this)) this.#connect();
    else this.#refuse();
  }

  #connect(): void {
    const { backends, settings, tally } = this.#host;
    const backend = backends.pick(this, this.#tried);
    if (!backend) {
      if (!this.#tried) this.#refuse();
      else this.#fail();
      return;
    }
    if (this.#tried) tally.retried++;
    this.#phase = 'connecting';
    this.#backend = backend;
    const { address: host, port } = backend.destination;
    const upstream = connect({ ...UPSTREAM, host, port });
    this.#upstream = upstream;
    upstream.on('error', ignore);
    upstream.on('connect', () => this.#connected(upstream, backend));
    upstream.on('close', (hadError) => this.#upstreamClosed(upstream, hadError));
    this.#wakeIn(settings.connect);
  }

  #connected(upstream: Socket, backend: TcpBackend): void {
    if (this.#upstream !== upstream || this.#phase !== 'connecting') return;
    const client = this.#client;
    this.#phase = 'open';
    this.#active = this.#host.wheel.coarse;
    backend.total++;
    const { proxyProtocol } = this.#host.settings;
    if (proxyProtocol) upstream.write(formatProxyHeader(proxyProtocol, this.#addresses()));
    upstream.on('data', (octets: Buffer) => {
      backend.bytesOut += octets.length;
      this.#active = this.#host.wheel.coarse;
      if (!this.#answered) this.#firstAnswer(backend);
      if (!client.write(octets)) upstream.pause();
    });
    upstream.on('drain', () => void client.resume());
    upstream.on('end', () => this.#endUpstream());
    if (!this.#listening) this.#listenToClient();
    if (this.#early) this.#toUpstream(this.#early);
    this.#early = undefined;
    client.resume();
  }

  #listenToClient(): void {
    const client = this.#client;
    this.#listening = true;
    client.on('data', (octets: Buffer) => this.#toUpstream(octets));
    client.on('drain', () => void this.#upstream?.resume());
    client.on('end', () => this.#endClient());
  }

  #toUpstream(octets: Buffer): void {
    if (this.#backend) this.#backend.bytesIn += octets.length;
    this.#active = this.#host.wheel.coarse;
    this.#forwarded = true;
    if (this.#upstream?.write(octets) === false) this.#client.pause();
  }

  #firstAnswer(backend: TcpBackend): void {
    this.#answered = true;
    this.#forwarded = true;
    this.#host.backends.answered(backend);
  }

  #endClient(): void {
    this.#clientEnded = true;
    this.#forwarded = true;
    if (this.#upstreamEnded) this.#bothEnded();
    else this.#endOne(this.#upstream);
  }

  #endUpstream(): void {
    this.#upstreamEnded = true;
    this.#forwarded = true;
    if (this.#clientEnded) this.#bothEnded();
    else this.#endOne(this.#client);
  }

  #endOne(other: Socket | undefined): void {
    other?.end();
    const { settings, wheel } = this.#host;
    if (settings.halfClosed === Infinity) return;
    this.#active = wheel.now();
    wheel.schedule(this, this.#active + settings.halfClosed);
  }

  /** Nothing will be read any more. Closing a socket without unread octets finishes it as shutting it down first would. */
  #bothEnded(): void {
    for (const socket of [this.#client, this.#upstream]) {
      if (socket?.writableLength === 0) socket.destroy();
      else socket?.end();
    }
  }

  #clientClosed(hadError: boolean): void {
    // The client has reset its connection.
    if (hadError && this.#phase === 'open') {
      this.#phase = 'over';
      this.#upstream?.resetAndDestroy();
    }
    this.#release();
  }

  #upstreamClosed(upstream: Socket, hadError: boolean): void {
    if (this.#upstream !== upstream) return;
    const code = upstream.errored ? errorCode(upstream.errored) : '';
    if (this.#phase === 'connecting') this.#attemptFailed(code);
    else if (this.#phase === 'open' && hadError) this.#upstreamReset(code);
    else this.#release();
  }

  #upstreamReset(code: string): void {
    const client = this.#client;
    if (!this.#forwarded && !client.destroyed) {
      client.pause();
      this.#attemptFailed(code);
      return;
    }
    if (!this.#answered && this.#backend) this.#host.backends.fail(this.#backend, taskFault(code));
    this.#phase = 'over';
    client.resetAndDestroy();
    this.#release();
  }

  #attemptFailed(code: string): void {
    const { backends } = this.#host;
    const backend = this.#backend;
    this.#upstream = undefined;
    this.#backend = undefined;
    this.#phase = 'connecting';
    if (backend) {
      backends.fail(backend, taskFault(code));
      backends.release(backend);
      this.#tried = (this.#tried ?? new Set()).add(backend.destination.id);
    }
    if (this.#client.destroyed) this.#release();
    else if ((this.#tried?.size ?? 0) >= ATTEMPTS) this.#fail();
    else this.#connect();
  }

  #fail(): void {
    this.#host.tally.failed++;
    this.reset();
  }

  #addresses(): ProxiedAddresses {
    const destination: HostPort = this.#proxied?.destination ?? { ip: this.vip, port: this.vipPort };
    return { source: { ip: this.client, port: this.clientPort }, destination };
  }

  /** Takes the flow off the books when both of its sockets are closed. */
  #release(): void {
    if (this.#released || !this.#client.closed || this.#upstream?.closed === false) return;
    this.#released = true;
    this.#phase = 'over';
    this.#host.wheel.cancel(this);
    if (this.#backend) this.#host.backends.release(this.#backend);
    this.#host.ended(this);
  }
}

/** The canonical address of a connection's other end; unspecified when it is gone already. */
function clientIp(socket: Socket): string {
  return canonicalIp(socket.remoteAddress ?? '') ?? '0.0.0.0';
}
