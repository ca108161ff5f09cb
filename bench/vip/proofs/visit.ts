// Clients of the proofs that ask once who they have come to.
import { connect, type Socket } from 'node:net';
import { IP } from '../contestants.js';

const PATIENCE_MS = 8000;

export interface Visit {
  /** Who answered. */
  readonly task: string;
  /** Still open. */
  readonly socket: Socket;
}

/** @param from the client's address @throws Error when nobody answers */
export function visit(port: number, from: string = IP): Promise<Visit> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: IP, port, localAddress: from, noDelay: true });
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), PATIENCE_MS);
    socket.once('connect', () => socket.write('?\n'));
    socket.once('data', (answer) => {
      clearTimeout(timer);
      resolve({ task: answer.toString().trim(), socket });
    });
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('closed without an answer')));
  });
}

/** Client addresses, all different. */
export function addresses(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const number = index + 1;
    return `127.${10 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
  });
}
