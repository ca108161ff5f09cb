import { Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import { ownProxyHeader } from '../../net/proxy-protocol.js';
import type { ProbeTarget } from './probe.js';

/** A connection to a task, which begins with the PROXY header that the task expects. */
export function openSocket({ ip, port, proxy }: ProbeTarget): Socket {
  const socket = new Socket().connect({ host: ip, port });
  // What is written before the connection is there goes out first.
  if (proxy !== undefined) socket.write(ownProxyHeader(proxy));
  return socket;
}

/** The same with TLS behind the header. Certificates are not verified. */
export function openTls(target: ProbeTarget, options: ConnectionOptions = {}): TLSSocket {
  return connectTls({ ...options, socket: openSocket(target), rejectUnauthorized: false });
}
