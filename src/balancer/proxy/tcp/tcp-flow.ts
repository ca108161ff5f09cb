import type { HostPort } from '../../../net/ip.js';
import type { Destination, Flow } from '../../schedulers/scheduler.js';
import { taskFault } from '../../flows/attempt-fault.js';
import type { Expiring } from '../../../runtime/timer-wheel.js';
import type { FlowHost } from './flow-host.js';
import { formatProxyHeader, type ProxiedAddresses } from '../../../net/proxy-protocol.js';
import type { Backend } from '../../flows/backend.js';

/** The start of a client's data, if PROXY headers are read. */
export interface ClientHeader {
  readonly addresses: ProxiedAddresses | undefined;
  /** Client data that arrived after the header. */
  readonly rest: Buffer | undefined;
}

/**
 * Seconds until the kernel probes an idle peer, the number of probes, and the seconds between them. A network outage of
 * two minutes costs no connection.
 */
export const KEEPALIVE = { idle: 60, probes: 9, interval: 15 } as const;

/**
 * If a client still sends when its task is gone, it first receives what the task had said, while its own data is read
 * and dropped. Closing at once would reset the connection and lose the answer (nginx: lingering_close,
 * lingering_timeout, lingering_time). In ms.
 */
const LINGER = { quiet: 5000, most: 30_000, look: 100 } as const;

/** connect(2): no port is left at the address that the connection would come from. */
const NO_PORT = 'EADDRNOTAVAIL';
/** What is the fault of an unusual source address rather than of the task: nothing leads back to it. */
const NOT_FROM_THERE = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EINVAL']);
/** Such an address is left alone for so long, in ms. */
const UNFIT_MS = 600_000;

/** Tasks that one flow is tried on. */
const ATTEMPTS = 3;

/**
 * A client's connection and the connection to its task: the rules, independent of what carries the bytes. Each
 * direction ends by itself (RFC 9293 section 3.6); a reset of one side resets the other. Until the first byte has
 * passed in either direction, another task replaces one that fails.
 */
export abstract class TcpFlow implements Flow, Expiring {
  tick: number | undefined = undefined;
  protected readonly host: FlowHost<TcpFlow>;
  protected phase: 'header' | 'connecting' | 'open' | 'lingering' | 'over' = 'header';
  #backend: Backend | undefined = undefined;
  /** Where the connection to it comes from; undefined: as the kernel chooses. */
  #source: string | undefined = undefined;
  #tried: Set<string> | undefined = undefined;
  /** Addresses from the client's header. */
  #proxied: ProxiedAddresses | undefined = undefined;
  /** Client data that followed the header. */
  #early: Buffer | undefined = undefined;
  #deadline = Infinity;
  #dialledAt = 0;
  /** When data last moved. */
  #active = 0;
  /** Whether any byte has been passed on in either direction. */
  #forwarded = false;
  #answered = false;
  #clientEnded = false;
  /** Why the task accepts no more data from the client. */
  #refusal: string | undefined = undefined;
  /** Whether the client has sent data since the task was gone. */
  #ignored = false;
  #upstreamEnded = false;
  #keepAlive = false;
  #released = false;

  constructor(host: FlowHost<TcpFlow>) {
    this.host = host;
  }

  get client(): string {
    return this.#proxied?.source.ip ?? this.peer.ip;
  }

  get clientPort(): number {
    return this.#proxied?.source.port ?? this.peer.port;
  }

  get vip(): string {
    return this.host.settings.vip;
  }

  get vipPort(): number {
    return this.host.settings.port;
  }

  get backend(): Backend | undefined {
    return this.#backend;
  }

  start(): void {
    if (!this.host.settings.acceptProxy) {
      this.#begin();
      return;
    }
    this.#wakeIn(this.host.settings.header);
    this.readHeader();
  }

  /** Ends both connections at once. Both peers see a reset. */
  reset(): void {
    const isConnecting = this.phase === 'connecting';
    this.phase = 'over';
    this.resetBoth(isConnecting);
  }

  /** Call this when timeouts have changed, to compute the next deadline again. */
  recheck(): void {
    if (this.phase === 'open') this.host.wheel.schedule(this, this.host.wheel.now());
  }

  expire(now: number): number {
    if (this.phase === 'open') return this.#expireOpen(now);
    if (this.phase === 'lingering') return this.#expireLingering(now);
    if (this.phase === 'over') return Infinity;
    if (now < this.#deadline) return this.#deadline;
    if (this.phase === 'header') {
      this.#refuse();
      return Infinity;
    }
    this.giveUp();
    this.attemptFailed('ETIMEDOUT');
    return this.isOver() ? Infinity : this.#deadline;
  }

  /** The source address of the client's connection. */
  protected abstract get peer(): HostPort;
  /** Whether the client's socket is already closed. */
  protected abstract get clientIsClosed(): boolean;
  /** Starts to read the client's PROXY header. The subclass must call {@link headerRead} once. */
  protected abstract readHeader(): void;
  /** Begins to connect, from an address of this host or as the kernel chooses; {@link opened} or {@link attemptFailed} is to be called once, unless {@link giveUp} comes first. */
  protected abstract dial(destination: Destination, source: string | undefined): void;
  /** Ends the attempt to connect that is under way. */
  protected abstract giveUp(): void;
  /** Lets the kernel probe both peers from now on, with the times of {@link KEEPALIVE} where they can be set. */
  protected abstract keepAlive(): void;
  /** @param isConnecting whether the task's connection is still pending */
  protected abstract resetBoth(isConnecting: boolean): void;
  protected abstract resetClient(): void;
  /** Tells one side that the other has ended. Data from that side still arrives. */
  protected abstract endUpstream(): void;
  protected abstract endClient(): void;
  /** Called when both sides have ended. */
  protected abstract finish(): void;
  /**
   * From now on reads and drops the client's data. The subclass must call {@link ignored} for it, and {@link
   * clientHasEnded} at its end.
   * @returns whether there was any data
   */
  protected abstract ignoreClient(): boolean;

  /** Whether any byte has been passed on in either direction. */
  protected get hasForwarded(): boolean {
    return this.#forwarded;
  }

  protected isOver(): boolean {
    return this.phase === 'over';
  }

  /** @param header undefined: the client sent something else, or ended */
  protected headerRead(header: ClientHeader | undefined): void {
    if (this.phase !== 'header') return;
    this.#proxied = header?.addresses;
    this.#early = header?.rest;
    if (header) this.#begin();
    else this.#refuse();
  }

  /** The connection to the task is established. */
  protected opened(): void {
    this.phase = 'open';
    this.#active = this.host.wheel.coarse;
    this.host.connected(this.host.now() - this.#dialledAt);
    if (this.#backend) this.#backend.total++;
  }

  /** The header to send to the task first. Undefined if the task expects none. */
  protected proxyHeader(): Buffer | undefined {
    const { proxyProtocol } = this.host.settings;
    return proxyProtocol && formatProxyHeader(proxyProtocol, this.#addresses());
  }

  /** Client data that arrived before there was a task. Returned only once. */
  protected takeEarly(): Buffer | undefined {
    const early = this.#early;
    this.#early = undefined;
    return early;
  }

  /** Bytes of the client are on their way to the task. */
  protected sentIn(octets: number): void {
    if (this.#backend) this.#backend.bytesIn += octets;
    this.#active = this.host.wheel.coarse;
    this.#forwarded = true;
  }

  /** Bytes of the task are on their way to the client. */
  protected sentOut(octets: number): void {
    const backend = this.#backend;
    if (!backend) return;
    backend.bytesOut += octets;
    this.#active = this.host.wheel.coarse;
    if (this.#answered) return;
    this.#answered = true;
    this.#forwarded = true;
    this.host.backends.answered(backend);
  }

  /** Bytes of the client were dropped. */
  protected ignored(): void {
    this.#ignored = true;
    this.#active = this.host.wheel.coarse;
  }

  /** The task accepts no more data. Its own data may still be pending; call {@link upstreamHasEnded} after it. */
  protected refused(code: string): void {
    this.#refusal = code;
    if (this.#upstreamEnded) this.upstreamFailed(code);
  }

  protected clientHasEnded(): void {
    if (this.phase === 'lingering') {
      this.finish();
      return;
    }
    this.#clientEnded = true;
    this.#forwarded = true;
    if (this.#upstreamEnded) this.finish();
    else {
      this.endUpstream();
      this.#watchHalf();
    }
  }

  protected upstreamHasEnded(): void {
    if (this.#refusal !== undefined) {
      this.upstreamFailed(this.#refusal);
      return;
    }
    this.#upstreamEnded = true;
    this.#forwarded = true;
    // Who ended first keeps the port for a while.
    if (this.#clientEnded) this.#backend?.timeWaits.add(this.host.wheel.coarse);
    if (this.#clientEnded) this.finish();
    else {
      this.endClient();
      this.#watchHalf();
    }
  }

  /** The task has reset an open connection. @param code of the error */
  protected upstreamFailed(code: string): void {
    if (!this.#forwarded && !this.clientIsClosed) {
      this.attemptFailed(code);
      return;
    }
    if (this.#answered && !this.clientIsClosed && (!this.#clientEnded || this.#refusal !== undefined)) {
      this.#linger();
      return;
    }
    if (!this.#answered && this.#backend) this.host.backends.fail(this.#backend, taskFault(code));
    this.phase = 'over';
    this.resetClient();
    this.release();
  }

  protected attemptFailed(code: string): void {
    const { backends } = this.host;
    const backend = this.#backend;
    if (backend && this.#dialsFromElsewhere(backend, code)) return;
    this.#backend = undefined;
    this.phase = 'connecting';
    if (backend) {
      const isPortless = code === NO_PORT || (this.#source !== undefined && NOT_FROM_THERE.has(code));
      if (isPortless) this.host.portless(backend);
      backends.fail(backend, isPortless ? undefined : taskFault(code));
      backends.release(backend, this.client);
      this.#tried = (this.#tried ?? new Set()).add(backend.destination.id);
    }
    if (this.clientIsClosed) this.release();
    else if ((this.#tried?.size ?? 0) >= ATTEMPTS) this.#fail();
    else this.#connect();
  }

  /** Ends the accounting of the flow: both of its sockets are closed. */
  protected release(): void {
    if (this.#released) return;
    this.#released = true;
    this.phase = 'over';
    this.host.wheel.cancel(this);
    if (this.#backend) this.host.backends.release(this.#backend, this.client);
    this.host.ended(this);
  }

  #expireOpen(now: number): number {
    // Most connections have ended by now and never incur this cost.
    if (!this.#keepAlive) {
      this.#keepAlive = true;
      this.keepAlive();
    }
    const { idle, halfClosed } = this.host.settings;
    const isHalf = this.#clientEnded || this.#upstreamEnded;
    const due = this.#active + Math.min(idle, isHalf ? halfClosed : Infinity);
    if (now < due) return due;
    this.reset();
    return Infinity;
  }

  /**
   * Waits until the client has received the task's data. If the task broke off without having been sent anything, the
   * client's connection breaks off too.
   */
  #linger(): void {
    const { backends, wheel } = this.host;
    if (this.#backend) backends.release(this.#backend, this.client);
    this.#backend = undefined;
    this.phase = 'lingering';
    this.#active = wheel.now();
    this.#deadline = this.#active + LINGER.most;
    const isEnded = this.#upstreamEnded;
    const stillSends = this.ignoreClient() || this.#refusal !== undefined;
    if (this.isOver()) return;
    if (isEnded || stillSends) this.#endLingering();
    if (this.#clientEnded) {
      this.finish();
      return;
    }
    wheel.schedule(this, this.#active + (this.#upstreamEnded ? LINGER.quiet : LINGER.look));
  }

  #endLingering(): void {
    if (!this.#upstreamEnded) this.endClient();
    this.#upstreamEnded = true;
  }

  #expireLingering(now: number): number {
    if (this.#ignored) this.#endLingering();
    const due = Math.min(this.#deadline, this.#active + LINGER.quiet);
    if (this.#upstreamEnded && now < due) return due;
    this.reset();
    return Infinity;
  }

  #wakeIn(ms: number): void {
    const { wheel } = this.host;
    this.#deadline = wheel.now() + ms;
    wheel.schedule(this, this.#deadline);
  }

  #refuse(): void {
    this.host.tally.refused++;
    this.reset();
  }

  #begin(): void {
    if (this.host.admit(this)) this.#connect();
    else this.#refuse();
  }

  #connect(): void {
    const { backends, tally } = this.host;
    const backend = backends.pick(this, this.#tried);
    if (!backend) {
      if (!this.#tried) this.#refuse();
      else this.#fail();
      return;
    }
    if (this.#tried) tally.retried++;
    else tally.total++;
    this.phase = 'connecting';
    this.#backend = backend;
    this.#source = this.host.sources.first(backend);
    backends.hold(backend, this.client);
    this.#dial(backend);
  }

  /** Goes on from another address of this host where the one before has no port left, or did not lead there. */
  #dialsFromElsewhere(backend: Backend, code: string): boolean {
    const { sources, wheel } = this.host;
    const isUnfit = this.#source !== undefined && NOT_FROM_THERE.has(code);
    if (code !== NO_PORT && !isUnfit) return false;
    const next = sources.next(backend, this.#source, isUnfit ? wheel.now() + UNFIT_MS : undefined);
    if (next === undefined || this.clientIsClosed) return false;
    this.#source = next;
    this.phase = 'connecting';
    this.#dial(backend);
    return true;
  }

  #dial({ destination }: Backend): void {
    this.#wakeIn(this.host.settings.connect);
    this.#dialledAt = this.host.now();
    this.dial(destination, this.#source);
  }

  #fail(): void {
    this.host.tally.failed++;
    this.reset();
  }

  #watchHalf(): void {
    const { settings, wheel } = this.host;
    if (settings.halfClosed === Infinity) return;
    this.#active = wheel.now();
    wheel.schedule(this, this.#active + settings.halfClosed);
  }

  #addresses(): ProxiedAddresses {
    const destination: HostPort = this.#proxied?.destination ?? { ip: this.vip, port: this.vipPort };
    return { source: { ip: this.client, port: this.clientPort }, destination };
  }
}
