import { connect, type Socket } from 'node:net';
import { canonicalIp, type HostPort } from '../../../../net/ip.js';
import type { Destination } from '../../../schedulers/scheduler.js';
import { errorCode } from '../../../../net/error-message.js';
import type { FlowHost } from '../flow-host.js';
import { TcpFlow } from '../tcp-flow.js';
import { readProxyHeader } from './read-proxy-header.js';

/** Above this many bytes, a stream stops reading from the other side. One read of Node's (64 KiB) fits, two do not. */
export const HIGH_WATER_MARK = 64 * 1024 + 1;
const UPSTREAM = { allowHalfOpen: true, noDelay: true, highWaterMark: HIGH_WATER_MARK };
/**
 * Uses the host's settings (net.ipv4.tcp_keepalive_*). With a time of its own, Node probes ten times, once per second,
 * and this cannot be changed. A network outage of that length would cost every idle connection.
 */
const HOST_KEEPALIVE = 0;

/** Undocumented state that Node keeps for a stream, unchanged since version 14. */
interface StreamStates {
  readonly _readableState?: { autoDestroy: boolean; errored: Error | null };
  readonly _writableState?: { autoDestroy: boolean };
}

/**
 * After a failed write, Node would close the socket together with its unread data. This leaves it open; only 'error'
 * reports the failure.
 */
function outliveWrites(socket: Socket): void {
  const { _readableState: readable, _writableState: writable } = socket as StreamStates;
  if (readable) readable.autoDestroy = false;
  if (writable) writable.autoDestroy = false;
}

/** Lets a stream report its end despite an error. */
function forgive(socket: Socket): void {
  const { _readableState: readable } = socket as StreamStates;
  if (readable) readable.errored = null;
}

/** A flow whose bytes are carried by Node's own sockets. */
export class NodeFlow extends TcpFlow {
  readonly #client: Socket;
  #upstream: Socket | undefined = undefined;
  #listening = false;

  /** @param client paused, with nothing read yet and a listener for its errors */
  constructor(client: Socket, host: FlowHost<TcpFlow>) {
    super(host);
    this.#client = client;
    client.on('close', (hadError) => this.#clientClosed(hadError));
  }

  protected override get peer(): HostPort {
    const { remoteAddress = '', remotePort = 0 } = this.#client;
    // Unspecified if the client has already gone.
    return { ip: canonicalIp(remoteAddress) ?? '0.0.0.0', port: remotePort };
  }

  protected override get clientIsClosed(): boolean {
    return this.#client.destroyed;
  }

  protected override readHeader(): void {
    readProxyHeader(this.#client, (header) => this.headerRead(header));
  }

  protected override dial({ address: host, port }: Destination, localAddress: string | undefined): void {
    const upstream = connect({
      ...UPSTREAM,
      host,
      port,
      ...(localAddress !== undefined && { localAddress }),
    });
    this.#upstream = upstream;
    outliveWrites(upstream);
    upstream.on('error', (error) => this.#writeFailed(upstream, error));
    upstream.on('connect', () => this.#connected(upstream));
    upstream.on('close', (hadError) => this.#upstreamClosed(upstream, hadError));
  }

  protected override giveUp(): void {
    const upstream = this.#upstream;
    this.#upstream = undefined;
    upstream?.destroy();
  }

  protected override keepAlive(): void {
    this.#client.setKeepAlive(true, HOST_KEEPALIVE);
    this.#upstream?.setKeepAlive(true, HOST_KEEPALIVE);
  }

  protected override resetBoth(isConnecting: boolean): void {
    this.#client.resetAndDestroy();
    // Node would wait for the connection before resetting it.
    if (isConnecting) this.#upstream?.destroy();
    else this.#upstream?.resetAndDestroy();
  }

  protected override resetClient(): void {
    this.#client.resetAndDestroy();
  }

  protected override endUpstream(): void {
    this.#upstream?.end();
  }

  protected override endClient(): void {
    this.#client.end();
  }

  protected override ignoreClient(): boolean {
    const isWaiting = this.#client.readableLength > 0 || (this.#upstream?.writableLength ?? 0) > 0;
    this.#upstream?.destroy();
    this.#client.resume();
    return isWaiting;
  }

  /** Closing a socket without unread bytes has the same effect as shutting it down first. */
  protected override finish(): void {
    for (const socket of [this.#client, this.#upstream]) {
      if (socket?.writableLength === 0) socket.destroy();
      else socket?.end();
    }
  }

  protected override release(): void {
    if (this.#client.closed && this.#upstream?.closed !== false) super.release();
  }

  #connected(upstream: Socket): void {
    if (this.#upstream !== upstream || this.phase !== 'connecting') return;
    const client = this.#client;
    if (client.destroyed) {
      // It has reset its connection meanwhile, and does not say so again.
      this.phase = 'over';
      upstream.resetAndDestroy();
      return;
    }
    this.opened();
    const header = this.proxyHeader();
    if (header) upstream.write(header);
    upstream.on('data', (octets: Buffer) => {
      this.sentOut(octets.length);
      if (!client.write(octets)) upstream.pause();
    });
    upstream.on('drain', () => void client.resume());
    upstream.on('end', () => this.upstreamHasEnded());
    if (!this.#listening) this.#listenToClient();
    const early = this.takeEarly();
    if (early) this.#toUpstream(early);
    client.resume();
    // Without a task nothing listened for the end: Node reports it once, for a paused socket as well.
    if (client.readableEnded) this.clientHasEnded();
  }

  #listenToClient(): void {
    const client = this.#client;
    this.#listening = true;
    client.on('data', (octets: Buffer) => this.#toUpstream(octets));
    client.on('drain', () => void this.#upstream?.resume());
    client.on('end', () => {
      if (this.phase !== 'connecting') this.clientHasEnded();
    });
  }

  #toUpstream(octets: Buffer): void {
    if (this.phase === 'lingering') {
      this.ignored();
      return;
    }
    this.sentIn(octets.length);
    if (this.#upstream?.write(octets) === false) this.#client.pause();
  }

  /** Data that the task sent before it closed still waits to be read. */
  #writeFailed(upstream: Socket, error: Error): void {
    if (upstream.destroyed) return;
    if (this.#upstream !== upstream || this.phase !== 'open' || !this.hasForwarded) {
      upstream.destroy(error);
      return;
    }
    forgive(upstream);
    this.refused(errorCode(error));
    upstream.resume();
  }

  #clientClosed(hadError: boolean): void {
    // The client has reset its connection.
    if (hadError && this.phase === 'open') {
      this.phase = 'over';
      this.#upstream?.resetAndDestroy();
    }
    this.release();
  }

  #upstreamClosed(upstream: Socket, hadError: boolean): void {
    if (this.#upstream !== upstream) return;
    const code = upstream.errored ? errorCode(upstream.errored) : '';
    const isConnecting = this.phase === 'connecting';
    if (!isConnecting && !(this.phase === 'open' && hadError)) {
      this.release();
      return;
    }
    this.#upstream = undefined;
    this.#client.pause();
    if (isConnecting) this.attemptFailed(code);
    else this.upstreamFailed(code);
  }
}
