import type { Socket } from 'node:dgram';
import { createServingSocket, SOCKET_BUFFER, widenBuffers } from '../../../linux/dgram-socket.js';
import { ipFamily, type HostPort } from '../../../net/ip.js';
import type { UdpBatch } from './udp-batch.js';

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
  const socket = createServingSocket(family);
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
