import { createSocket, type Socket } from 'node:dgram';
import { ipFamily, type HostPort } from '../../net/ip.js';
import type { UdpBatch } from './udp-batch.js';

/** Room for a burst while the event loop is busy; the kernel caps it at net.core.rmem_max. */
const SOCKET_BUFFER = 4 * 1024 * 1024;

/** A socket on a VIP. */
export interface VipSocket {
  readonly socket: Socket;
  /** Its descriptor, when datagrams can be read and sent in batches. */
  readonly fd?: number;
}

/**
 * Binds a VIP's own address, so that replies leave from it.
 * @throws the error of the socket, with its `code`
 */
export async function bindVip(address: HostPort, batch: UdpBatch | undefined): Promise<VipSocket> {
  const { ip, port } = address;
  const family = ipFamily(ip);
  const socket = createSocket({
    type: family === 4 ? 'udp4' : 'udp6',
    ipv6Only: family === 6,
    // Clients are addresses, never names: this spares a turn of the event loop per reply.
    lookup: (host, _options, callback) => {
      callback(null, host, family);
    },
  });
  try {
    if (batch && family === 4) return { socket, fd: batch.bind(socket, address, { buffers: SOCKET_BUFFER }) };
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind({ address: ip, port, exclusive: true }, resolve);
    });
  } catch (error) {
    socket.close();
    throw error;
  }
  socket.removeAllListeners('error');
  widenBuffers(socket);
  return { socket };
}

/** A smaller buffer than asked for is no reason not to serve. */
function widenBuffers(socket: Socket): void {
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
