import { ipFamily, ipFromBytes, type HostPort } from '../net/ip.js';
import type { Libc } from './libc.js';
import type { Pointer } from './pointer.js';
import { CLOEXEC, IPPROTO_TCP, NONBLOCK, SOCK_STREAM, SOL_SOCKET, TCP_NODELAY } from './numbers.js';
import { AF_INET, AF_INET6, SOCKADDR, SOCKADDR_SIZE, writeSockaddr } from './sockaddr.js';

/** Numbers of errors that callers go by; the same on x64 and arm64 (asm-generic/errno.h). */
export const ERRNO = { EINTR: 4, EAGAIN: 11, ENOMEM: 12, ENFILE: 23, EMFILE: 24, ENOBUFS: 105 } as const;
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

/** Bytes that one receiving call takes. */
export const RECEIVE_SIZE = 64 * 1024;
/** Bytes that a pipe is asked to hold; the kernel may give it less (pipe(7), pipe-user-pages-soft). */
export const PIPE_SIZE = 1024 * 1024;

/** The peer of an accepted connection, as bytes: few are ever asked for it in words. */
export class PeerAddress {
  readonly #port: number;
  /** An IPv4 address as one number, in network order; else 16 bytes. */
  readonly #ip: number | Uint8Array;

  constructor(ip: number | Uint8Array, port: number) {
    this.#ip = ip;
    this.#port = port;
  }

  /** Canonical. */
  get ip(): string {
    const ip = this.#ip;
    if (typeof ip === 'number') return `${ip >>> 24}.${(ip >> 16) & 255}.${(ip >> 8) & 255}.${ip & 255}`;
    return ipFromBytes(ip) ?? '0.0.0.0';
  }

  get port(): number {
    return this.#port;
  }
}

/** An address to connect to, as the kernel takes it. */
export interface DialTarget {
  readonly domain: number;
  readonly at: Pointer;
  readonly length: number;
  /** Keeps what `at` points to. */
  readonly memory: ArrayBuffer;
}

/** A pipe that bytes are spliced through. */
export interface Pipe {
  readonly reader: number;
  readonly writer: number;
  /** Bytes that are in it. */
  held: number;
}

const SCRATCH = { address: 0, length: 28, value: 32, one: 40, linger: 44, size: 64 } as const;

/**
 * Calls on TCP sockets for one thread. Each returns a negative errno when it fails (`-11` for EAGAIN), so that success costs one
 * call; all memory that the kernel gets the address of is allocated once.
 */
export class TcpCalls {
  /** What {@link receive} has filled, and {@link send} sends from. */
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
    // struct linger: on, without time.
    this.#scratch.setInt32(SCRATCH.linger, 1, true);
  }

  /** The next connection of a listener; {@link acceptedFrom} then says whose. */
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
   * @param from the address to come from; the kernel picks its port when both ends are known, so that connections to others do
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

  /** Receives into {@link buffer}. @returns bytes; 0 when the peer has ended */
  receive(fd: number): number {
    const got = this.#libc.recv(fd, this.#bufferAt, RECEIVE_SIZE, 0);
    return got < 0 ? -this.#libc.errno() : got;
  }

  /** Sends the first bytes of {@link buffer}. @returns how many the kernel took */
  send(fd: number, length: number): number {
    const sent = this.#libc.send(fd, this.#bufferAt, length, MSG_NOSIGNAL);
    return sent < 0 ? -this.#libc.errno() : sent;
  }

  /** Moves what a socket has received into a pipe that is empty. @returns bytes; 0 when the peer has ended */
  spliceIn(fd: number, { writer }: Pipe): number {
    const moved = this.#libc.splice(fd, 0, writer, 0, PIPE_SIZE, SPLICE_FLAGS);
    return moved < 0 ? -this.#libc.errno() : moved;
  }

  /** Sends from a pipe. @returns bytes that the kernel took */
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
    // A smaller one only takes more calls.
    libc.fcntl(writer, F_SETPIPE_SZ, PIPE_SIZE);
    return { reader, writer, held: 0 };
  }

  /** Says that nothing more will be sent. */
  end(fd: number): void {
    this.#libc.shutdown(fd, SHUT_WR);
  }

  /** The error that is pending on a socket, which is cleared; 0 when there is none. */
  pendingError(fd: number): number {
    this.#scratch.setInt32(SCRATCH.length, 4, true);
    const at = this.#scratchAt;
    const done = this.#libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, at + SCRATCH.value, at + SCRATCH.length);
    return done < 0 ? this.#libc.errno() : this.#scratch.getInt32(SCRATCH.value, true);
  }

  /**
   * Has the kernel ask whether the peer is still there when nothing has moved for a time (tcp(7)).
   * @param idle, interval seconds
   */
  keepAlive(fd: number, idle: number, interval: number, probes: number): void {
    this.#set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    this.#set(fd, IPPROTO_TCP, TCP_KEEPIDLE, idle);
    this.#set(fd, IPPROTO_TCP, TCP_KEEPINTVL, interval);
    this.#set(fd, IPPROTO_TCP, TCP_KEEPCNT, probes);
  }

  /** After it the next {@link close} resets the connection (socket(7), SO_LINGER). */
  abort(fd: number): void {
    this.#libc.setsockoptAt(fd, SOL_SOCKET, SO_LINGER, this.#scratchAt + SCRATCH.linger, 8);
  }

  close(fd: number): void {
    this.#libc.close(fd);
  }

  /** Whether a call above only found nothing to do now. */
  wouldBlock(result: number): boolean {
    return result === -ERRNO.EAGAIN;
  }

  /** `ECONNRESET` for -104, as from the calls above, and for 104. */
  errorName(errno: number): string {
    return this.#libc.errnoName(Math.abs(errno));
  }

  #set(fd: number, level: number, option: number, value: number): void {
    this.#scratch.setInt32(SCRATCH.value, value, true);
    this.#libc.setsockoptAt(fd, level, option, this.#scratchAt + SCRATCH.value, 4);
  }
}
