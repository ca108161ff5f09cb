import { createServer, type Server, type Socket } from 'node:net';
import { canonicalIp, ipFamily, type HostPort } from '../../net/ip.js';
import type { Responder } from './responder.js';
import { TcpConnection } from './tcp-connection.js';
import type { TcpLimits } from './tcp-limits.js';

/** Counts and limits the connections of all addresses together. */
export class TcpConnections {
  readonly #limits: TcpLimits;
  /** Maps each socket to the object that serves it, once there is one. */
  readonly #open = new Map<Socket, TcpConnection | undefined>();
  readonly #sources = new Map<Socket, string>();
  readonly #perSource = new Map<string, number>();
  #refused = 0;

  constructor(limits: TcpLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#open.size;
  }

  /** Connections closed because there were too many. */
  get refused(): number {
    return this.#refused;
  }

  /** Shorter when the server is crowded, so that idle clients free their places (RFC 7766 section 6.2.3). */
  idleTime(): number {
    return this.#open.size > this.#limits.connections * 0.75 ? this.#limits.idle / 10 : this.#limits.idle;
  }

  /**
   * Admits a connection if possible. When all places are taken, it closes the oldest connection without a query so far.
   * An honest client asks at once; a client that only occupies a place does not (RFC 7766 section 6.2.3).
   * @returns false when the new connection was refused and closed
   */
  admit(socket: Socket, source: string): boolean {
    const ofSource = this.#perSource.get(source) ?? 0;
    if (ofSource >= this.#limits.connectionsPerSource || !this.#hasRoom()) {
      this.#refused++;
      socket.destroy();
      return false;
    }
    this.#open.set(socket, undefined);
    this.#sources.set(socket, source);
    this.#perSource.set(source, ofSource + 1);
    socket.once('close', () => this.#forget(socket));
    return true;
  }

  #hasRoom(): boolean {
    if (this.#open.size < this.#limits.connections) return true;
    for (const [socket, connection] of this.#open) {
      if (connection?.hasAsked) continue;
      this.#refused++;
      socket.destroy();
      // The socket will report its close only later.
      this.#forget(socket);
      return true;
    }
    return false;
  }

  #forget(socket: Socket): void {
    const source = this.#sources.get(socket);
    if (source === undefined) return;
    this.#open.delete(socket);
    this.#sources.delete(socket);
    const left = (this.#perSource.get(source) ?? 1) - 1;
    if (left === 0) this.#perSource.delete(source);
    else this.#perSource.set(source, left);
  }

  /** Registers the object that serves an admitted connection. */
  serve(socket: Socket, connection: TcpConnection): void {
    if (this.#open.has(socket)) this.#open.set(socket, connection);
  }

  /** Stops reading. Resolves when every pending reply has been sent and every connection is closed. */
  async drain(): Promise<void> {
    const closed = [...this.#open.keys()].map(
      (socket) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const [socket, connection] of this.#open) {
      if (connection) connection.finish();
      else socket.destroy();
    }
    await Promise.all(closed);
  }

  closeAll(): void {
    for (const socket of this.#open.keys()) socket.destroy();
  }
}

export interface TcpListener {
  readonly address: HostPort;
  /** Accepts no more connections. {@link TcpConnections.closeAll} closes the open ones. */
  close(): Promise<void>;
}

/** The queue of connections that wait to be accepted. */
export const BACKLOG = 511;

/**
 * Answers DNS over TCP at one address.
 * @param openDescriptor opens a listening socket for Node to take over, for options that Node cannot set; it may throw
 * @returns rejects with the system error when the address is not available
 */
export function listenTcp(
  { ip, port }: HostPort,
  responder: Pick<Responder, 'respond'>,
  limits: TcpLimits,
  connections: TcpConnections,
  openDescriptor?: (address: HostPort) => number,
): Promise<TcpListener> {
  // Half-open: a client may close its side after the query and still receive its reply (RFC 7766 section 6.2.4).
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    // If the client has already gone, the socket has no address.
    const source = canonicalIp(socket.remoteAddress ?? '');
    socket.on('error', () => socket.destroy());
    if (source === undefined) {
      socket.destroy();
      return;
    }
    if (!connections.admit(socket, source)) return;
    const idleTime = () => connections.idleTime();
    const client = { address: source, port: socket.remotePort ?? 0, transport: 'tcp' as const, idleTime };
    connections.serve(socket, new TcpConnection(socket, client, responder, limits, idleTime));
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const backlog = BACKLOG;
    const place = openDescriptor
      ? { fd: openDescriptor({ ip, port }) }
      : { host: ip, port, exclusive: true, ipv6Only: ipFamily(ip) === 6 };
    server.listen({ ...place, backlog }, () => {
      server.removeListener('error', reject);
      // A failed accept (EMFILE) only affects that connection.
      server.on('error', () => undefined);
      resolve({ address: { ip, port: boundPort(server) }, close: () => closeServer(server) });
    });
  });
}

function boundPort(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
  });
}
