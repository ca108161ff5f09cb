import { EPOLL } from '../../../../linux/epoll.js';
import type { HostPort } from '../../../../net/ip.js';
import type { Destination } from '../../../schedulers/scheduler.js';
import { parseProxyHeader } from '../../../../net/proxy-protocol.js';
import type { FlowHost } from '../flow-host.js';
import { KEEPALIVE, TcpFlow } from '../tcp-flow.js';
import type { DescriptorTable } from './descriptor-table.js';
import { Side, type SideContext, type SideOwner } from './side.js';
import type { DialTargets } from './dial-targets.js';

/** What all flows of a thread share. */
export interface NativeContext extends SideContext {
  readonly targets: DialTargets;
  readonly table: DescriptorTable;
}

const NOWHERE: HostPort = { ip: '0.0.0.0', port: 0 };

/** A flow whose bytes are carried by a reactor. */
export class NativeFlow extends TcpFlow implements SideOwner {
  readonly #context: NativeContext;
  readonly #client: Side;
  #upstream: Side | undefined = undefined;
  /** An incomplete PROXY header. */
  #header: Buffer | undefined = undefined;

  constructor(client: Side, host: FlowHost<TcpFlow>, context: NativeContext) {
    super(host);
    this.#client = client;
    this.#context = context;
    client.owner = this;
  }

  opens(side: Side, events: number): boolean {
    if (side === this.#upstream) return this.#dialled(side, events);
    if (this.phase === 'header') this.#readHeader();
    return false;
  }

  received(side: Side, octets: number): void {
    if (side === this.#client) this.sentIn(octets);
    else this.sentOut(octets);
  }

  ended(side: Side): void {
    if (side === this.#client) this.clientHasEnded();
    else this.upstreamHasEnded();
  }

  dropped(): void {
    this.ignored();
  }

  blocked(side: Side, error: number): void {
    if (this.isOver()) return;
    if (side !== this.#upstream || !this.hasForwarded) {
      this.failed(side, error);
      return;
    }
    this.#client.ignore();
    if (this.isOver()) return;
    this.refused(this.#context.reactor.calls.errorName(error));
    if (this.phase !== 'open') return;
    side.expectMore();
    side.pump();
  }

  failed(side: Side, error: number): void {
    if (this.isOver()) return;
    if (side === this.#client) {
      this.phase = 'over';
      this.#closeUpstream(true);
      side.close(false);
      this.release();
    } else {
      this.#closeUpstream(false);
      this.upstreamFailed(this.#context.reactor.calls.errorName(error));
    }
  }

  protected override get peer(): HostPort {
    return this.#client.address ?? NOWHERE;
  }

  protected override get clientIsClosed(): boolean {
    return !this.#client.isOpen;
  }

  protected override readHeader(): void {
    this.#header = Buffer.alloc(0);
    if (!this.#client.watch()) this.headerRead(undefined);
  }

  protected override dial(destination: Destination, source: string | undefined): void {
    const { reactor, targets, table } = this.#context;
    const fd = reactor.calls.dial(
      targets.of(destination),
      source === undefined ? undefined : targets.source(source),
    );
    if (fd < 0) {
      this.attemptFailed(reactor.calls.errorName(fd));
      return;
    }
    const upstream = new Side(this.#context, fd);
    upstream.owner = this;
    this.#upstream = upstream;
    const isInTable = table.take(fd);
    if (isInTable && upstream.watch(EPOLL.OUT)) return;
    this.giveUp();
    this.attemptFailed(isInTable ? 'ENOMEM' : 'EMFILE');
  }

  protected override giveUp(): void {
    this.#closeUpstream(false);
  }

  protected override keepAlive(): void {
    const { idle, interval, probes } = KEEPALIVE;
    for (const side of [this.#client, this.#upstream])
      if (side?.isOpen) this.#context.reactor.calls.keepAlive(side.fd, idle, interval, probes);
  }

  protected override resetBoth(isConnecting: boolean): void {
    this.#closeUpstream(!isConnecting);
    this.#client.close(true);
    this.release();
  }

  protected override resetClient(): void {
    this.#client.close(true);
  }

  protected override endUpstream(): void {
    this.#upstream?.end();
  }

  protected override endClient(): void {
    this.#client.end();
  }

  protected override ignoreClient(): boolean {
    return this.#client.ignore();
  }

  /** Everything has been sent, so closing both sockets has the same effect as shutting them down first. */
  protected override finish(): void {
    this.#closeUpstream(false);
    this.#client.close(false);
    this.release();
  }

  #closeUpstream(isReset: boolean): void {
    this.#upstream?.close(isReset);
    this.#upstream = undefined;
    this.#client.detach();
  }

  #readHeader(): void {
    const { calls } = this.#context.reactor;
    for (;;) {
      const got = calls.receive(this.#client.fd);
      if (got <= 0) {
        // Both the end and an error lead here, but EAGAIN does not.
        if (got === 0 || !calls.wouldBlock(got)) this.headerRead(undefined);
        return;
      }
      const octets = Buffer.concat([this.#header ?? Buffer.alloc(0), calls.buffer.subarray(0, got)]);
      const result = parseProxyHeader(octets);
      this.#header = octets;
      if (result.kind === 'incomplete') continue;
      this.#header = undefined;
      const rest = result.kind === 'header' ? octets.subarray(result.length) : undefined;
      this.headerRead(
        result.kind === 'header'
          ? { addresses: result.addresses, rest: rest?.length === 0 ? undefined : rest }
          : undefined,
      );
      return;
    }
  }

  /** @returns whether bytes flow now */
  #dialled(upstream: Side, events: number): boolean {
    if ((events & (EPOLL.ERR | EPOLL.HUP)) !== 0) {
      const { calls } = this.#context.reactor;
      const error = calls.pendingError(upstream.fd);
      if (error !== 0) {
        this.giveUp();
        this.attemptFailed(calls.errorName(error));
        return false;
      }
    }
    if ((events & EPOLL.OUT) === 0) return false;
    this.#open(upstream);
    return upstream.isOpen;
  }

  #open(upstream: Side): void {
    const client = this.#client;
    this.opened();
    client.other = upstream;
    upstream.other = client;
    const header = this.proxyHeader();
    const early = this.takeEarly();
    if (early) this.sentIn(early.length);
    const first = header && early ? Buffer.concat([header, early]) : (header ?? early);
    if (first) client.put(first);
    // The client may have sent data in the meantime, for which no event will come.
    client.expectMore();
    if (upstream.isOpen) client.pump();
    if (upstream.isOpen && client.isOpen && !client.watch()) this.reset();
  }
}
