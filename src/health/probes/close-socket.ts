import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Ends a connection with a reset, so that neither side keeps it in TIME_WAIT. A connecting socket must be destroyed,
 * because Node would wait for the connection before the reset. A TLS socket cannot be reset.
 */
export function closeSocket(socket: Socket): void {
  if (socket.connecting || socket.destroyed || socket instanceof TLSSocket) socket.destroy();
  else socket.resetAndDestroy();
}
