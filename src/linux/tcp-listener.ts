import { ipFamily, type HostPort } from '../net/ip.js';
import { systemCallError, type Libc } from './libc.js';
import { CLOEXEC, IPPROTO_TCP, NONBLOCK, SOCK_STREAM, SOL_SOCKET, TCP_NODELAY } from './numbers.js';
import { AF_INET, AF_INET6, readSockaddr, SOCKADDR_SIZE, writeSockaddr } from './sockaddr.js';

const SO_REUSEADDR = 2;
const SO_REUSEPORT = 15;
const SO_ATTACH_FILTER = 26;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const SHUT_RD = 0;

/**
 * A classic BPF program over the TCP header. It drops segments with SYN and without ACK, and accepts all others
 * (socket(7), SO_ATTACH_FILTER; the kernel's Documentation/networking/filter.rst).
 */
const DROP_SYN = bpf([
  { code: 0x30, k: 13 }, // ldb [13]: the flags (RFC 9293, 3.1)
  { code: 0x54, k: 0x12 }, // and SYN | ACK
  { code: 0x15, jump: [0, 1], k: 0x02 }, // jeq SYN
  { code: 0x06, k: 0 }, // ret: drop
  { code: 0x06, k: 0xffffffff }, // ret: the whole segment
]);

interface Instruction {
  readonly code: number;
  /** How many instructions to skip if the test is true, and if it is false. */
  readonly jump?: readonly [number, number];
  readonly k: number;
}

/** An array of struct sock_filter. */
function bpf(instructions: readonly Instruction[]): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(instructions.length * 8));
  for (const [at, { code, jump = [0, 0], k }] of instructions.entries()) {
    view.setUint16(at * 8, code, true);
    view.setUint8(at * 8 + 2, jump[0]);
    view.setUint8(at * 8 + 3, jump[1]);
    view.setUint32(at * 8 + 4, k, true);
  }
  return view.buffer;
}

/** struct sock_fprog: the number of instructions and their address. */
function filterProgram(libc: Libc, filter: ArrayBuffer): Int32Array {
  const program = new BigUint64Array([BigInt(filter.byteLength / 8), BigInt(libc.address(filter))]);
  return new Int32Array(program.buffer);
}

/**
 * A listening TCP socket that Node does not manage. The descriptor belongs to the process: every thread may accept from
 * it.
 */
export interface TcpListener {
  readonly fd: number;
  /** With the actual port. */
  readonly address: HostPort;
  /** From now on the kernel drops new connection attempts. Queued connections can still be accepted. */
  refuseNew(): void;
  /**
   * From now on the kernel refuses connections, and resets queued ones. The address stays bound, unless the kernel has
   * chosen the port. No thread may watch the descriptor.
   * @throws SystemCallError from setsockopt(2)
   */
  suspend(): void;
  /** Reverses {@link suspend}. @throws SystemCallError from setsockopt(2), listen(2) */
  resume(): void;
  close(): void;
}

/**
 * Opens a listener. Accepted connections inherit TCP_NODELAY from it (tcp(7)), and block as the caller commands.
 * @param backlog the kernel caps it at net.core.somaxconn
 * @param options `reusePort`: several sockets share the address (socket(7), SO_REUSEPORT)
 * @throws SystemCallError from socket(2), setsockopt(2), bind(2), listen(2)
 */
export function openTcpListener(
  libc: Libc,
  address: HostPort,
  backlog: number,
  { reusePort = false } = {},
): TcpListener {
  const family = ipFamily(address.ip);
  const domain = family === 4 ? AF_INET : AF_INET6;
  const fd = libc.socket(domain, SOCK_STREAM | NONBLOCK | CLOEXEC, 0);
  if (fd < 0) throw systemCallError(libc, 'socket');
  try {
    const must = (call: string, result: number): void => {
      if (result < 0) throw systemCallError(libc, call);
    };
    const set = (level: number, option: number, value = 1): void =>
      must('setsockopt', libc.setsockopt(fd, level, option, Int32Array.of(value), 4));
    set(SOL_SOCKET, SO_REUSEADDR);
    if (reusePort) set(SOL_SOCKET, SO_REUSEPORT);
    set(IPPROTO_TCP, TCP_NODELAY);
    if (family === 6) set(IPPROTO_IPV6, IPV6_V6ONLY);
    const name = new Uint8Array(new ArrayBuffer(SOCKADDR_SIZE));
    must('bind', libc.bind(fd, name, writeSockaddr(address, name)));
    must('listen', libc.listen(fd, backlog));
    must('getsockname', libc.getsockname(fd, name, Int32Array.of(SOCKADDR_SIZE)));
    let [isOpen, isSuspended] = [true, false];
    return {
      fd,
      address: { ...address, port: readSockaddr(name).port },
      refuseNew() {
        // If the kernel does not support such filters, the last connections are reset.
        if (isOpen) libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, filterProgram(libc, DROP_SYN), 16);
      },
      suspend() {
        if (!isOpen || isSuspended) return;
        isSuspended = true;
        // Linux takes a listening socket back to the state before listen(2).
        libc.shutdown(fd, SHUT_RD);
        // In that state, the option would let others bind the address.
        set(SOL_SOCKET, SO_REUSEADDR, 0);
      },
      resume() {
        if (!isOpen || !isSuspended) return;
        set(SOL_SOCKET, SO_REUSEADDR);
        must('listen', libc.listen(fd, backlog));
        isSuspended = false;
      },
      close() {
        // After the first close the number may belong to another descriptor.
        if (isOpen) libc.close(fd);
        isOpen = false;
      },
    };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}
