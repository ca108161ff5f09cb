import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TYPE } from '../../src/wire/constants.js';
import { frame } from '../../src/wire/tcp-frames.js';
import { ref } from '../support/facts.js';
import { addressRange, DOMAIN } from '../conformance/golden/fixture.js';
import { query } from '../conformance/packets.js';
import { startDaemon } from './daemon.js';
import { always, never, type Figure } from './figure.js';
import { memoryUse, round } from './heap.js';
import { UdpClient } from './udp-client.js';

const ATTACK = 'client that never reads';
const QUERIES = 5000;
const CLIENTS = 4;
/** Rounds to wait for the server to hang up. */
const PATIENCE = 1500;

/**
 * Clients that ask for answers of 64 KiB each and read none of them: how many the server makes before it waits, what it
 * holds meanwhile, and that it hangs up.
 * @param idle how long the server waits for a client that does not read, in ms
 */
export async function deafClients(idle: number): Promise<Figure[]> {
  const wide = { ...ref('wide.stack'), kind: 'external' as const, externalIps: addressRange(70, 4000) };
  const daemon = await startDaemon({ facts: { tasks: [], services: [wide] }, tcp: { idle } });
  const honest = await UdpClient.open(daemon.address);
  const packet = frame(query(`wide.stack.${DOMAIN}.`, TYPE.A));
  const before = memoryUse().heap;
  const sockets = Array.from({ length: CLIENTS }, () => deaf(daemon.address.port, packet));
  try {
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    let [held, answered, asked] = [0, 0, 0];
    const open = () => daemon.server.transportCounters().tcpConnections;
    const takesPart = () => daemon.responder.counters().packets.tcp > 0;
    for (; asked < PATIENCE && (open() > 0 || !takesPart()); asked++) {
      await sleep(20);
      held = Math.max(held, memoryUse().heap - before);
      const reply = await honest.ask(query(`ns.${DOMAIN}.`, TYPE.A));
      if (reply) answered++;
    }
    const made = daemon.responder.counters().packets.tcp;
    return [
      {
        attack: ATTACK,
        what: `answers made for ${CLIENTS * QUERIES} queries`,
        value: made,
        unit: 'answers',
        bound: {
          atMost: CLIENTS * 500,
          because: "what fits into the kernel's buffers, and one backlog more",
        },
      },
      {
        attack: ATTACK,
        what: 'held for them, at most',
        value: round(held),
        unit: 'MB',
        bound: { atMost: 64, because: 'a backlog for each, and what the collector has not got to' },
      },
      always(ATTACK, 'connections that the server closed', CLIENTS - open(), CLIENTS),
      always(ATTACK, 'queries of others answered meanwhile', answered, asked),
      never(ATTACK, 'faults', daemon.faults.length, made),
    ];
  } finally {
    for (const socket of sockets) socket.destroy();
    honest.close();
    await daemon.stop();
  }
}

function deaf(port: number, packet: Buffer): Socket {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(Buffer.concat(Array.from({ length: QUERIES }, () => packet)));
  return socket;
}
