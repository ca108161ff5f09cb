import { createSocket, type Socket } from 'node:dgram';
import type { IpFamily } from '../net/ip.js';

/** Space for a burst while the event loop is busy. The kernel caps it at net.core.rmem_max. */
export const SOCKET_BUFFER = 4 * 1024 * 1024;

/** An unbound Node socket for serving one address of a family. */
export function createServingSocket(family: IpFamily): Socket {
  return createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    // Peers are addresses, never names. Skipping the lookup saves a turn of the event loop per reply.
    lookup: (host, _options, callback) => {
      callback(null, host, family);
    },
  });
}

/** Call this after binding. The socket still works if the kernel grants a smaller buffer. */
export function widenBuffers(socket: Socket): void {
  for (const widen of [
    () => socket.setRecvBufferSize(SOCKET_BUFFER),
    () => socket.setSendBufferSize(SOCKET_BUFFER),
  ]) {
    try {
      widen();
    } catch {
      continue;
    }
  }
}
