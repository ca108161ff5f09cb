/**
 * The other side of an attack, in a process of its own, so that it does not slow the server down by sharing its event loop:
 * `assailant.ts drip PORT CONNECTIONS` or `assailant.ts flood PORT MILLISECONDS`. Reports go to the parent process.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TYPE } from '../../src/wire/constants.js';
import { query } from '../conformance/packets.js';

export type Report =
  /** Every connection is open, or was refused. */
  | { readonly kind: 'ready'; readonly refused: number }
  /** The server has closed every connection, `ms` after the last was opened. */
  | { readonly kind: 'reaped'; readonly closed: number; readonly ms: number }
  | { readonly kind: 'flooded'; readonly sent: number; readonly answered: number };

/** Connections of one source address: as many as a server takes of one. */
const PER_SOURCE = 30;
/** Connections opened together. */
const BATCH = 100;

const [mode, port = '0', amount = '0'] = process.argv.slice(2);
const report = (message: Report): void => void process.send?.(message);

if (mode === 'drip') await drip(Number(port), Number(amount));
else if (mode === 'flood') flood(Number(port), Number(amount));

/** Slowloris: announces a message of 1 KiB and sends a byte of it now and then. */
async function drip(to: number, connections: number): Promise<void> {
  let [refused, closed, readyAt] = [0, 0, 0];
  const onClose = () => {
    if (++closed < connections) return;
    report({ kind: 'reaped', closed, ms: performance.now() - readyAt });
    process.disconnect();
  };
  for (let first = 0; first < connections; first += BATCH) {
    const batch = Array.from({ length: Math.min(BATCH, connections - first) }, (_, i) =>
      dripOne(to, sourceOf(first + i), onClose),
    );
    refused += (await Promise.all(batch)).filter((isOpen) => !isOpen).length;
    // The server takes a moment to accept them; a queue that overflows would do the work of the limits.
    await sleep(BATCH / 4);
  }
  readyAt = performance.now();
  report({ kind: 'ready', refused });
}

/** @returns whether it was opened */
function dripOne(to: number, localAddress: string, onClose: () => void): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: to, localAddress });
    const timer = setInterval(() => {
      if (socket.writable) socket.write(Buffer.of(0));
    }, 500);
    socket.on('error', () => undefined);
    // Without a reader the end of the stream goes unseen.
    socket.resume();
    socket.on('connect', () => {
      socket.write(Buffer.of(4, 0));
      resolve(true);
    });
    socket.on('close', () => {
      clearInterval(timer);
      resolve(false);
      onClose();
    });
  });
}

function sourceOf(connection: number): string {
  const source = Math.floor(connection / PER_SOURCE);
  return `127.1.${Math.floor(source / 250)}.${1 + (source % 250)}`;
}

/** As many queries as go out, for names that are not there and for one that is. */
function flood(to: number, milliseconds: number): void {
  const packets = Array.from({ length: 64 }, (_, i) =>
    i % 2 === 0 ? query(`r${i}.stack`, TYPE.A) : query('web.stack', TYPE.A, { opt: {} }),
  );
  let [sent, answered] = [0, 0];
  const until = performance.now() + milliseconds;
  const socket = createSocket('udp4');
  socket.on('message', () => answered++);
  socket.on('error', () => undefined);
  const volley = () => {
    if (performance.now() >= until) {
      report({ kind: 'flooded', sent, answered });
      socket.close();
      process.disconnect();
      return;
    }
    for (const packet of packets) {
      socket.send(packet, to, '127.0.0.1');
      sent++;
    }
    setImmediate(volley);
  };
  volley();
}
