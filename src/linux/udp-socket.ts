import { ipFamily, type HostPort } from '../net/ip.js';
import { systemCallError, type Libc, type SystemCallError } from './libc.js';
import { CLOEXEC, ofArchitecture, SOL_SOCKET } from './numbers.js';
import { AF_INET, AF_INET6, readSockaddr, SOCKADDR_SIZE, sockaddrLength, writeSockaddr } from './sockaddr.js';

/** asm-generic/socket.h, linux/in.h, linux/in6.h, bits/socket.h. */
const SOCK_DGRAM = 2;
const SO_RCVBUF = 8;
const SO_SNDBUF = 7;
const SO_REUSEPORT = 15;
const SO_RCVTIMEO = 20;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const IPPROTO_IP = 0;
const IP_FREEBIND = 15;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_FREEBIND = 78;
const MSG_DONTWAIT = 0x40;
/** connect(2). */
const CONNECT = ofArchitecture({ x64: 42, arm64: 203 });

export interface UdpSocketOptions {
  /** Several sockets share the address, and the kernel distributes clients among them (socket(7), SO_REUSEPORT). */
  readonly reusePort?: boolean;
  /** Allows an address that is not on an interface yet (ip(7), IP_FREEBIND). */
  readonly freeBind?: boolean;
  /** Sizes of the receive and the send buffer in bytes. The kernel may grant less. */
  readonly buffers?: number;
  /** How long a receive call blocks, in ms. Undefined: no limit. */
  readonly receiveTimeout?: number;
}

/** A bound UDP socket that Node does not manage. The descriptor belongs to the process: every thread may use it. */
export interface UdpSocket {
  readonly fd: number;
  /** With the actual port. */
  readonly address: HostPort;
  /**
   * Sends one datagram without waiting.
   * @param to a `sockaddr`, as {@link writeSockaddr} writes it
   * @returns undefined when the kernel accepted it
   */
  send(message: Uint8Array, to: Uint8Array): SystemCallError | undefined;
  /**
   * From now on the kernel queues nothing more here and prefers other sockets that share the address (Linux 5.4 and
   * later). Queued datagrams can still be read and answered.
   */
  refuseNew(): void;
  close(): void;
}

/** @throws SystemCallError from socket(2), setsockopt(2), bind(2) */
export function openUdpSocket(libc: Libc, address: HostPort, options: UdpSocketOptions = {}): UdpSocket {
  const family = ipFamily(address.ip);
  const fd = libc.socket(family === 4 ? AF_INET : AF_INET6, SOCK_DGRAM | CLOEXEC, 0);
  if (fd < 0) throw systemCallError(libc, 'socket');
  try {
    setOptions(libc, fd, family, options);
    const name = new Uint8Array(new ArrayBuffer(SOCKADDR_SIZE));
    const length = writeSockaddr(address, name);
    if (libc.bind(fd, name, length) < 0) throw systemCallError(libc, 'bind');
    const lengths = Int32Array.of(SOCKADDR_SIZE);
    if (libc.getsockname(fd, name, lengths) < 0) throw systemCallError(libc, 'getsockname');
    // A connected socket receives only from its peer. Here the peer is the socket itself, which never sends to itself.
    return { fd, address: { ...address, port: readSockaddr(name).port }, ...using(libc, fd, family, name) };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

/**
 * A connected socket takes datagrams of its peer alone, and is its own: what it is sent goes to other sockets that
 * share the address.
 * It can still send to anyone.
 */
export function leaveToOthers(libc: Libc, fd: number, address: HostPort): void {
  const own = new Uint8Array(new ArrayBuffer(SOCKADDR_SIZE));
  writeSockaddr(address, own);
  connectToItself(libc, fd, ipFamily(address.ip), own);
}

function connectToItself(libc: Libc, fd: number, family: 4 | 6, own: Uint8Array<ArrayBuffer>): void {
  libc.syscall(CONNECT, fd, libc.address(own.buffer), sockaddrLength(family), 0, 0);
}

function setOptions(libc: Libc, fd: number, family: 4 | 6, options: UdpSocketOptions): void {
  const { reusePort, freeBind, buffers, receiveTimeout } = options;
  const set = (level: number, option: number, ...value: number[]): boolean =>
    libc.setsockopt(fd, level, option, Int32Array.from(value), value.length * 4) === 0;
  const must = (done: boolean): void => {
    if (!done) throw systemCallError(libc, 'setsockopt');
  };
  if (family === 6) must(set(IPPROTO_IPV6, IPV6_V6ONLY, 1));
  if (reusePort) must(set(SOL_SOCKET, SO_REUSEPORT, 1));
  if (freeBind) must(family === 4 ? set(IPPROTO_IP, IP_FREEBIND, 1) : set(IPPROTO_IPV6, IPV6_FREEBIND, 1));
  if (buffers !== undefined) {
    // More than net.core.rmem_max needs CAP_NET_ADMIN. A smaller buffer also works.
    if (!set(SOL_SOCKET, SO_RCVBUFFORCE, buffers)) set(SOL_SOCKET, SO_RCVBUF, buffers);
    if (!set(SOL_SOCKET, SO_SNDBUFFORCE, buffers)) set(SOL_SOCKET, SO_SNDBUF, buffers);
  }
  if (receiveTimeout !== undefined) {
    // struct timeval: two 64-bit numbers.
    const seconds = Math.floor(receiveTimeout / 1000);
    must(set(SOL_SOCKET, SO_RCVTIMEO, seconds, 0, (receiveTimeout - seconds * 1000) * 1000, 0));
  }
}

function using(
  libc: Libc,
  fd: number,
  family: 4 | 6,
  own: Uint8Array<ArrayBuffer>,
): Pick<UdpSocket, 'send' | 'refuseNew' | 'close'> {
  let isOpen = true;
  return {
    refuseNew() {
      if (isOpen) connectToItself(libc, fd, family, own);
    },
    send(message, to) {
      const sent = libc.sendto(fd, message, message.length, MSG_DONTWAIT, to, sockaddrLength(family));
      return sent < 0 ? systemCallError(libc, 'sendto') : undefined;
    },
    close() {
      // After the first close the number may belong to another descriptor.
      if (isOpen) libc.close(fd);
      isOpen = false;
    },
  };
}
