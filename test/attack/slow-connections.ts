import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TCP_LIMITS } from '../../src/dns/server/tcp-limits.js';
import { TYPE } from '../../src/wire/constants.js';
import { query } from '../conformance/packets.js';
import { startAssailant } from './assailant-process.js';
import { startDaemon } from './daemon.js';
import { always, never, type Figure } from './figure.js';
import { round } from './heap.js';
import { measureLatency, until, type Latency } from './latency.js';
import { askTcp } from './tcp-ask.js';
import { UdpClient } from './udp-client.js';

const ATTACK = 'connections that drip';
const IDLE_QUERIES = 300;
const packet = query('web.stack', TYPE.A);

/**
 * Slowloris: what honest clients notice of connections that send a byte now and then, beside the same server without
 * them, and that all are closed.
 * @param limit how many connections the server takes; absent: as many as by default
 */
export async function slowConnections(connections: number, limit?: number): Promise<Figure[]> {
  const attack = `${ATTACK}, ${limit === undefined ? 'usual limits' : 'all admitted'}`;
  const daemon = await startDaemon(limit === undefined ? {} : { tcp: { connections: limit } });
  const client = await UdpClient.open(daemon.address);
  const udp = () => client.ask(packet);
  const tcp = () => askTcp(daemon.address, packet);
  const enough = (asked: number) => asked < IDLE_QUERIES;
  // The first queries warm the code up.
  await Promise.all([measureLatency(udp, enough), measureLatency(tcp, enough)]);
  const idle = [await measureLatency(udp, enough), await measureLatency(tcp, enough)] as const;
  const assailant = startAssailant('drip', daemon.address.port, connections);
  try {
    await assailant.next('ready');
    const reaped = assailant.next('reaped');
    const isPending = until(reaped);
    let held = 0;
    const whileHeld = () => {
      held = Math.max(held, daemon.server.transportCounters().tcpConnections);
      return isPending();
    };
    const busy = await Promise.all([measureLatency(udp, whileHeld), measureLatency(tcp, whileHeld)]);
    const { ms, closed } = await reaped;
    const of = (what: string, value: number, unit: string) => ({ attack, what, value, unit });
    return [
      {
        ...of('connections held at once', held, `of ${connections}`),
        bound:
          limit === undefined
            ? { atMost: TCP_LIMITS.connections, because: 'the limit of all connections' }
            : { atLeast: connections, because: 'the limit lets all in, and the rest shows what they cost' },
      },
      always(attack, 'connections closed by the server', closed, connections),
      {
        ...of('closed within', round(ms / 1000), 's'),
        bound: { atMost: 10, because: 'five seconds for a message that has begun, and as much for the rest' },
      },
      ...compare(attack, 'UDP', idle[0], busy[0]),
      ...compare(attack, 'TCP', idle[1], busy[1]),
      always(attack, 'UDP queries answered meanwhile', busy[0].answered, busy[0].asked),
      {
        ...of('TCP queries answered meanwhile', busy[1].answered, `of ${busy[1].asked}`),
        bound: {
          atLeast: limit === undefined ? 1 : busy[1].asked,
          because:
            limit === undefined
              ? 'there is room again when the server has closed the first of them'
              : 'there is room for all',
        },
      },
      never(attack, 'faults', daemon.faults.length, connections),
    ];
  } finally {
    assailant.stop();
    client.close();
    await daemon.stop();
  }
}

function compare(attack: string, transport: string, idle: Latency, busy: Latency): Figure[] {
  return (
    [
      ['p50', 5],
      ['p99', 50],
    ] as const
  ).map(([part, atMost]) => ({
    attack,
    what: `${transport} ${part}, attacked`,
    value: busy[part],
    unit: 'ms',
    bound: {
      atMost,
      because: 'an honest client does not notice: resolvers ask again after a second or more',
    },
    beside: `idle ${idle[part]} ms`,
  }));
}

/** The same on a small scale, in this process: every kind of slowness, and that each is ended. */
export async function slowConnectionsSmall(): Promise<Figure[]> {
  // Longer than an honest client on a busy machine takes.
  const tcp = { firstOctet: 1000, message: 1000, idle: 1000, connectionsPerSource: 100 };
  const daemon = await startDaemon({ tcp });
  const kinds = [
    'nothing at all',
    'half a length',
    'a length and no message',
    'a message in octets',
  ] as const;
  const each = 10;
  const started = kinds.flatMap((kind) =>
    Array.from({ length: each }, () => slow(daemon.address.port, kind)),
  );
  try {
    const client = await UdpClient.open(daemon.address);
    const honest = await Promise.all([client.ask(packet), askTcp(daemon.address, packet)]);
    client.close();
    await Promise.all(started);
    const left = () => daemon.server.transportCounters().tcpConnections;
    // The client's side of a connection may know first that it is closed.
    for (let rounds = 0; rounds < 3000 && left() > 0; rounds++) await sleep(10);
    return [
      always(
        ATTACK,
        'honest queries answered meanwhile',
        honest.filter((reply) => reply?.readUInt16BE(6) === 3).length,
        2,
      ),
      never(ATTACK, 'connections left open', left(), started.length),
      never(ATTACK, 'faults', daemon.faults.length, started.length),
    ];
  } finally {
    await daemon.stop();
  }
}

async function slow(port: number, kind: string): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  socket.resume();
  // A connection may be reset instead of closed: events.once would reject then.
  const closed = new Promise((resolve) => socket.once('close', resolve));
  if (kind === 'half a length') socket.write(Buffer.of(0));
  if (kind === 'a length and no message') socket.write(Buffer.of(255, 255));
  const timer = setInterval(() => {
    if (kind === 'a message in octets' && socket.writable) socket.write(Buffer.of(1));
  }, 20);
  await closed;
  clearInterval(timer);
}
