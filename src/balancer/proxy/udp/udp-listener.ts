import type { Socket } from 'node:dgram';
import { createServingSocket, SOCKET_BUFFER, widenBuffers } from '../../../linux/dgram-socket.js';
import { ipFamily, type HostPort } from '../../../net/ip.js';
import type { UdpBatch } from './udp-batch.js';

/** A socket on a VIP. */
export interface VipSocket {
  readonly socket: Socket;
  /** Its descriptor, where the C library can be called. */
  readonly fd?: number;
}

/**
 * Binds a VIP's own address, so that replies leave from it. A successor of this process may share it (SO_REUSEPORT),
 * where the C library can be called.
 * @param shares whether it is a predecessor's, which still has it; else nothing may have it
 * @throws the error of the socket, with its `code`
 */
export async function bindVip(
  address: HostPort,
  batch: UdpBatch | undefined,
  shares = false,
): Promise<VipSocket> {
  const { ip, port } = address;
  const family = ipFamily(ip);
  const socket = createServingSocket(family);
  try {
    if (batch) {
      if (!shares) batch.probe(address);
      return { socket, fd: batch.bind(socket, address, { buffers: SOCKET_BUFFER, reusePort: true }) };
    }
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
