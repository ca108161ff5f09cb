import { ipFamily, ipFromBytes, type HostPort } from '../net/ip.js';
import type { Libc } from './libc.js';
import type { Pointer } from './pointer.js';
import { CLOEXEC, IPPROTO_TCP, NONBLOCK, SOCK_STREAM, SOL_SOCKET, TCP_NODELAY } from './numbers.js';
import { AF_INET, AF_INET6, SOCKADDR, SOCKADDR_SIZE, writeSockaddr } from './sockaddr.js';

/** Error numbers that callers check. They are the same on x64 and arm64 (asm-generic/errno.h). */
export const ERRNO = {
  ...{ EINTR: 4, EAGAIN: 11, ENOMEM: 12, EINVAL: 22, ENFILE: 23, EMFILE: 24, ENOBUFS: 105 },
} as const;
const EINPROGRESS = 115;

const IPPROTO_IP = 0;
const IP_BIND_ADDRESS_NO_PORT = 24;
const SO_ERROR = 4;
const SO_KEEPALIVE = 9;
const SO_LINGER = 13;
const TCP_KEEPIDLE = 4;
const TCP_KEEPINTVL = 5;
const TCP_KEEPCNT = 6;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
const F_SETPIPE_SZ = 1031;
/** SPLICE_F_MOVE and SPLICE_F_NONBLOCK. */
const SPLICE_FLAGS = 3;

/** The most bytes that one receive call reads. */
export const RECEIVE_SIZE = 64 * 1024;
/** The requested capacity of a pipe in bytes. The kernel may grant less (pipe(7), pipe-user-pages-soft). */
export const PIPE_SIZE = 1024 * 1024;

/** The peer of an accepted connection, as bytes. Few are ever needed as text. */
export class PeerAddress {
  readonly #port: number;
  /** An IPv4 address as one number in network order, otherwise 16 bytes. */
  readonly #ip: number | Uint8Array;

  constructor(ip: number | Uint8Array, port: number) {
    this.#ip = ip;
    this.#port = port;
  }

  /** In canonical form. */
  get ip(): string {
    const ip = this.#ip;
    if (typeof ip === 'number') return `${ip >>> 24}.${(ip >> 16) & 255}.${(ip >> 8) & 255}.${ip & 255}`;
    return ipFromBytes(ip) ?? '0.0.0.0';
  }

  get port(): number {
    return this.#port;
  }
}

/** An address to connect to, in the form the kernel expects. */
export interface DialTarget {
  readonly domain: number;
  readonly at: Pointer;
  readonly length: number;
  /** Keeps the memory at `at` alive. */
  readonly memory: ArrayBuffer;
}

/** A pipe for splicing. */
export interface Pipe {
  readonly reader: number;
  readonly writer: number;
  /** How many bytes are in the pipe. */
  held: number;
}

const SCRATCH = { address: 0, length: 28, value: 32, one: 40, linger: 44, size: 64 } as const;

/**
 * Calls on TCP sockets for one thread. Each returns a negative errno on failure (`-11` for EAGAIN), so that success
 * costs a single call. All memory whose address the kernel receives is allocated once.
 */
export class TcpCalls {
  /** Filled by {@link receive}; sent by {@link send}. */
  readonly buffer = new Uint8Array(new ArrayBuffer(RECEIVE_SIZE));
  readonly #libc: Libc;
  readonly #bufferAt: Pointer;
  readonly #scratch = new DataView(new ArrayBuffer(SCRATCH.size));
  readonly #octets = new Uint8Array(this.#scratch.buffer);
  readonly #scratchAt: Pointer;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#bufferAt = libc.address(this.buffer.buffer);
    this.#scratchAt = libc.address(this.#scratch.buffer);
    this.#scratch.setInt32(SCRATCH.one, 1, true);
    // struct linger: on, with a timeout of 0.
    this.#scratch.setInt32(SCRATCH.linger, 1, true);
  }

  /** Accepts a listener's next connection; {@link acceptedFrom} then returns its peer. */
  accept(listener: number): number {
    this.#scratch.setInt32(SCRATCH.length, SOCKADDR_SIZE, true);
    const at = this.#scratchAt;
    const flags = NONBLOCK | CLOEXEC;
    const fd = this.#libc.accept4(listener, at + SCRATCH.address, at + SCRATCH.length, flags);
    return fd < 0 ? -this.#libc.errno() : fd;
  }

  acceptedFrom(): PeerAddress {
    const view = this.#scratch;
    const port = view.getUint16(SCRATCH.address + SOCKADDR.port);
    if (view.getUint16(SCRATCH.address, true) === AF_INET)
      return new PeerAddress(view.getInt32(SCRATCH.address + SOCKADDR.ip4), port);
    return new PeerAddress(this.#octets.slice(SOCKADDR.ip6, SOCKADDR.ip6 + 16), port);
  }

  target(address: HostPort): DialTarget {
    const memory = new ArrayBuffer(SOCKADDR_SIZE);
    const length = writeSockaddr(address, new Uint8Array(memory));
    const domain = ipFamily(address.ip) === 4 ? AF_INET : AF_INET6;
    return { domain, at: this.#libc.address(memory), length, memory };
  }

  /**
   * A socket that has begun to connect.
   * @param from the address to come from; the kernel picks its port when both ends are known, so that connections to
   * others do
   *   not count (ip(7), IP_BIND_ADDRESS_NO_PORT)
   */
  dial({ domain, at, length }: DialTarget, from?: DialTarget): number {
    const libc = this.#libc;
    const fd = libc.socket(domain, SOCK_STREAM | NONBLOCK | CLOEXEC, 0);
    if (fd < 0) return -libc.errno();
    libc.setsockoptAt(fd, IPPROTO_TCP, TCP_NODELAY, this.#scratchAt + SCRATCH.one, 4);
    if (from) this.#set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    const isBound = !from || libc.bind(fd, new Uint8Array(from.memory), from.length) === 0;
    if (isBound && libc.connect(fd, at, length) === 0) return fd;
    const errno = libc.errno();
    if (errno === EINPROGRESS) return fd;
    libc.close(fd);
    return -errno;
  }

  /** Receives into {@link buffer}. @returns bytes; 0 when the peer has closed its side */
  receive(fd: number): number {
    const got = this.#libc.recv(fd, this.#bufferAt, RECEIVE_SIZE, 0);
    return got < 0 ? -this.#libc.errno() : got;
  }

  /** Sends the first `length` bytes of {@link buffer}. @returns how many bytes the kernel accepted */
  send(fd: number, length: number): number {
    const sent = this.#libc.send(fd, this.#bufferAt, length, MSG_NOSIGNAL);
    return sent < 0 ? -this.#libc.errno() : sent;
  }

  /** Moves received data from a socket into an empty pipe. @returns bytes; 0 when the peer has closed its side */
  spliceIn(fd: number, { writer }: Pipe): number {
    const moved = this.#libc.splice(fd, 0, writer, 0, PIPE_SIZE, SPLICE_FLAGS);
    return moved < 0 ? -this.#libc.errno() : moved;
  }

  /** Sends data from a pipe. @returns how many bytes the kernel accepted */
  spliceOut({ reader, held }: Pipe, fd: number): number {
    const moved = this.#libc.splice(reader, 0, fd, 0, held, SPLICE_FLAGS);
    return moved < 0 ? -this.#libc.errno() : moved;
  }

  /** @returns an empty pipe, or a negative errno */
  openPipe(): Pipe | number {
    const libc = this.#libc;
    if (libc.pipe2(this.#scratchAt + SCRATCH.value, NONBLOCK | CLOEXEC) < 0) return -libc.errno();
    const reader = this.#scratch.getInt32(SCRATCH.value, true);
    const writer = this.#scratch.getInt32(SCRATCH.value + 4, true);
    // A smaller pipe only needs more calls.
    libc.fcntl(writer, F_SETPIPE_SZ, PIPE_SIZE);
    return { reader, writer, held: 0 };
  }

  /** Closes the sending side. */
  end(fd: number): void {
    this.#libc.shutdown(fd, SHUT_WR);
  }

  /** Returns and clears the socket's pending error; 0 when there is none. */
  pendingError(fd: number): number {
    this.#scratch.setInt32(SCRATCH.length, 4, true);
    const at = this.#scratchAt;
    const done = this.#libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, at + SCRATCH.value, at + SCRATCH.length);
    return done < 0 ? this.#libc.errno() : this.#scratch.getInt32(SCRATCH.value, true);
  }

  /**
   * Has the kernel probe an idle connection's peer (tcp(7)).
   * @param idle, interval seconds
   */
  keepAlive(fd: number, idle: number, interval: number, probes: number): void {
    this.#set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    this.#set(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
    this.#set(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
    this.#set(fd, IPPROTO_TCP, TCP_KEEPCNT, probes);
  }

  /** The next {@link close} will reset the connection (socket(7), SO_LINGER). */
  abort(fd: number): void {
    this.#libc.setsockoptAt(fd, SOL_SOCKET, SO_LINGER, this.#scratchAt + SCRATCH.linger, 8);
  }

  close(fd: number): void {
    this.#libc.close(fd);
  }

  /** Whether a call above failed only because it would have to wait. */
  wouldBlock(result: number): boolean {
    return result === -ERRNO.EAGAIN;
  }

  /** `ECONNRESET` for 104, and for -104 as the calls above return it. */
  errorName(errno: number): string {
    return this.#libc.errnoName(Math.abs(errno));
  }

  #set(fd: number, level: number, option: number, value: number): void {
    this.#scratch.setInt32(SCRATCH.value, value, true);
    this.#libc.setsockoptAt(fd, level, option, this.#scratchAt + SCRATCH.value, 4);
  }
}
