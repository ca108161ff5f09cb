import type { Socket } from 'node:dgram';
import { createServingSocket, widenBuffers } from '../../linux/dgram-socket.js';
import { canonicalIp, ipFamily, type HostPort } from '../../net/ip.js';
import type { LocalAnswers } from '../answers/local.js';
import type { Responder } from './responder.js';

export interface UdpCounters {
  /** Replies that the kernel refused to send. */
  sendErrors: number;
  /** Errors of the socket itself. */
  socketErrors: number;
}

export interface UdpListener {
  readonly address: HostPort;
  /** Stops answering new datagrams. Resolves when nothing is pending. */
  drain(): Promise<void>;
  /** Drops pending replies. */
  close(): Promise<void>;
}

/**
 * Answers datagrams at one address. Each address has its own socket: clients check that a reply comes from the address
 * they asked.
 * @param answers answers known queries before the responder is asked
 * @returns rejects with the system error when the address is not available
 */
export function listenUdp(
  { ip, port }: HostPort,
  responder: Pick<Responder, 'respond'>,
  counters: UdpCounters,
  answers?: LocalAnswers,
): Promise<UdpListener> {
  const family = ipFamily(ip);
  const socket = createServingSocket(family);
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address: ip, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      socket.on('error', () => counters.socketErrors++);
      widenBuffers(socket);
      resolve({
        address: { ip, port: socket.address().port },
        ...serve(socket, responder, counters, answers),
      });
    });
  });
}

function serve(
  socket: Socket,
  responder: Pick<Responder, 'respond'>,
  counters: UdpCounters,
  answers?: LocalAnswers,
): Pick<UdpListener, 'drain' | 'close'> {
  let state: 'open' | 'draining' | 'closed' = 'open';
  let inFlight = 0;
  let onDrained = (): void => undefined;
  const send = (reply: Buffer, port: number, address: string, then?: () => void): void => {
    try {
      socket.send(reply, port, address, (error) => {
        if (error) counters.sendErrors++;
        then?.();
      });
    } catch {
      counters.sendErrors++;
      then?.();
    }
  };
  const leave = (): void => {
    if (--inFlight === 0) onDrained();
  };
  socket.on('message', (packet, { address, port }) => {
    if (state !== 'open') return;
    const ip = canonicalIp(address) ?? address;
    const sampled = answers?.isSampled();
    const known = sampled || port === 0 ? undefined : answers?.answer(packet, ip);
    if (known) {
      send(known, port, address);
      return;
    }
    const client = { address: ip, port, transport: 'udp' as const, sampled };
    const reply = responder.respond(packet, client);
    if (!(reply instanceof Promise)) {
      if (reply) send(reply, port, address);
      answers?.learn(packet, ip);
      return;
    }
    inFlight++;
    void reply.then((late) => {
      if (late && state !== 'closed') send(late, port, address, leave);
      else leave();
    });
  });
  return {
    drain: () =>
      new Promise((resolve) => {
        state = 'draining';
        onDrained = resolve;
        if (inFlight === 0) resolve();
      }),
    close: () =>
      new Promise((resolve) => {
        state = 'closed';
        socket.close(() => resolve());
      }),
  };
}
