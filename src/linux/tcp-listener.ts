import { ipFamily, type HostPort } from '../net/ip.js';
import { systemCallError, type Libc } from './libc.js';
import { AF_INET, AF_INET6, readSockaddr, SOCKADDR_SIZE, writeSockaddr } from './sockaddr.js';

const SOCK_STREAM = 1;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

/** A listening TCP socket that Node does not know of. The descriptor belongs to the process: every thread may accept from it. */
export interface TcpListener {
  readonly fd: number;
  /** With the real port. */
  readonly address: HostPort;
  close(): void;
}

/**
 * Listens; connections that are accepted have TCP_NODELAY, as the listener has (tcp(7)), and block as they are told to.
 * @param backlog the kernel cuts it to net.core.somaxconn
 * @throws SystemCallError as of socket(2), setsockopt(2), bind(2), listen(2)
 */
export function openTcpListener(libc: Libc, address: HostPort, backlog: number): TcpListener {
  const family = ipFamily(address.ip);
  const domain = family === 4 ? AF_INET : AF_INET6;
  const fd = libc.socket(domain, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) throw systemCallError(libc, 'socket');
  try {
    const must = (call: string, result: number): void => {
      if (result < 0) throw systemCallError(libc, call);
    };
    const set = (level: number, option: number): void =>
      must('setsockopt', libc.setsockopt(fd, level, option, Int32Array.of(1), 4));
    set(SOL_SOCKET, SO_REUSEADDR);
    set(IPPROTO_TCP, TCP_NODELAY);
    if (family === 6) set(IPPROTO_IPV6, IPV6_V6ONLY);
    const name = new Uint8Array(new ArrayBuffer(SOCKADDR_SIZE));
    must('bind', libc.bind(fd, name, writeSockaddr(address, name)));
    must('listen', libc.listen(fd, backlog));
    must('getsockname', libc.getsockname(fd, name, Int32Array.of(SOCKADDR_SIZE)));
    let isOpen = true;
    return {
      fd,
      address: { ...address, port: readSockaddr(name).port },
      close() {
        // A number that is closed twice may be somebody else's by then.
        if (isOpen) libc.close(fd);
        isOpen = false;
      },
    };
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}
