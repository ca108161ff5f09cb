import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { ipFamily, type HostPort } from '../../net/ip.js';
import type { PortState } from './host-facts.js';

const PATIENCE_MS = 500;

/** Whether a UDP socket can be bound there, found out by binding one for a moment. Never rejects. */
export function probeUdp({ ip, port }: HostPort): Promise<PortState> {
  return new Promise((resolve) => {
    const socket = createSocket(`udp${ipFamily(ip)}`);
    socket.once('error', (error) => {
      socket.close();
      resolve(stateOf(error));
    });
    socket.bind({ address: ip, port, exclusive: true }, () => socket.close(() => resolve('free')));
  });
}

/** Whether a TCP socket can listen there, found out by listening for a moment. Never rejects. */
export function probeTcp({ ip, port }: HostPort): Promise<PortState> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(stateOf(error)));
    server.listen({ host: ip, port, exclusive: true }, () => server.close(() => resolve('free')));
  });
}

const STATES: Readonly<Record<string, PortState>> = {
  EADDRINUSE: 'taken',
  EACCES: 'denied',
  EPERM: 'denied',
  EADDRNOTAVAIL: 'no-address',
};

function stateOf({ code = '' }: NodeJS.ErrnoException): PortState {
  return STATES[code] ?? 'unknown';
}

/**
 * A query for the root's name servers, without recursion, which any DNS server answers somehow (RFC 1035 section 4.1).
 */
const QUERY = Buffer.from('4641000000010000000000000000020001', 'hex');

/** Whether something answers DNS over UDP there. Never rejects. */
export function probeAnswer({ ip, port }: HostPort): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket(`udp${ipFamily(ip)}`);
    const done = (answers: boolean) => {
      clearTimeout(timer);
      socket.close();
      resolve(answers);
    };
    const timer = setTimeout(() => done(false), PATIENCE_MS);
    socket.once('error', () => done(false));
    // On a connected socket, an ICMP "port unreachable" arrives as an error at once.
    socket.connect(port, ip, () => {
      socket.on('message', (message) => {
        if (message.length >= 12 && message.readUInt16BE(0) === QUERY.readUInt16BE(0)) done(true);
      });
      socket.send(QUERY);
    });
  });
}
