import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Ends a connection with a reset, so that neither side keeps it in TIME_WAIT. A socket that still connects has to be
 * destroyed: Node would wait for the connection in order to reset it. One with TLS cannot be reset.
 */
export function closeSocket(socket: Socket): void {
  if (socket.connecting || socket.destroyed || socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
