import { createSocket, type Socket } from 'node:dgram';
import type { IpFamily } from '../net/ip.js';

/** Room for a burst while the event loop is busy; the kernel caps it at net.core.rmem_max. */
export const SOCKET_BUFFER = 4 * 1024 * 1024;

/** A socket of Node's that serves one address of a family; it is still to be bound. */
export function createServingSocket(family: IpFamily): Socket {
  return createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    // Peers are addresses, never names: this spares a turn of the event loop per reply.
    lookup: (host, _options, callback) => {
      callback(null, host, family);
    },
  });
}

/** To be called when it is bound. A smaller buffer than asked for is no reason not to serve. */
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
