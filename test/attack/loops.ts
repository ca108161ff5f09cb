import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { RCODE, TYPE } from '../../src/wire/constants.js';
import { encodeQuery, parseQuery } from '../../src/wire/query-message.js';
import type { HostPort } from '../../src/net/ip.js';
import { query } from '../conformance/packets.js';
import { startDaemon, type Daemon } from './daemon.js';
import { always, never, type Figure } from './figure.js';
import { round } from './heap.js';
import { UdpClient } from './udp-client.js';

const ATTACK = 'loops';
/** Packets that one query of a client may become on its way round. */
const PER_QUERY = 3;
const QUERIES = 20;
const TIMES = { hedge: 300, deadline: 1000 };

/** Forwarding loops: packets a client query makes, and what the client is told. */
export async function loops(): Promise<Figure[]> {
  return [
    ...(await toItself('upstream is itself', (packet) => packet)),
    ...(await toItself('upstream is itself, EDNS lost on the way', withoutEdns)),
    ...(await mutual()),
  ];
}

interface Pipe {
  readonly address: HostPort;
  readonly packets: () => number;
  lead(to: HostPort): void;
  close(): Promise<void>;
}

/** Hands datagrams on, as a resolver in front of the server does: the server cannot know the address as its own. */
async function startPipe(change: (packet: Buffer) => Buffer): Promise<Pipe> {
  let to: HostPort | undefined;
  let packets = 0;
  const inner = createSocket('udp4');
  inner.bind(0, '127.0.0.1');
  await once(inner, 'listening');
  const open = new Set<ReturnType<typeof createSocket>>();
  inner.on('message', (packet, { port, address }) => {
    packets++;
    const outer = createSocket('udp4');
    open.add(outer);
    outer.on('error', () => undefined);
    outer.on('message', (reply) => inner.send(reply, port, address));
    if (to) outer.send(change(packet), to.port, to.ip);
  });
  return {
    address: { ip: '127.0.0.1', port: inner.address().port },
    packets: () => packets,
    lead(target) {
      to = target;
    },
    async close() {
      for (const socket of open) socket.close();
      inner.close();
      await once(inner, 'close');
    },
  };
}

function withoutEdns(packet: Buffer): Buffer {
  const parsed = parseQuery(packet);
  return parsed.ok ? encodeQuery({ id: parsed.query.id, question: parsed.query.question }) : packet;
}

async function toItself(what: string, change: (packet: Buffer) => Buffer): Promise<Figure[]> {
  const pipe = await startPipe(change);
  const daemon = await startDaemon({ upstreams: [pipe.address], times: TIMES });
  pipe.lead(daemon.address);
  try {
    return await measure(what, [daemon], () => pipe.packets());
  } finally {
    await daemon.stop();
    await pipe.close();
  }
}

async function mutual(): Promise<Figure[]> {
  const pipe = await startPipe((packet) => packet);
  const one = await startDaemon({ upstreams: [pipe.address], times: TIMES });
  const other = await startDaemon({ upstreams: [one.address], times: TIMES });
  pipe.lead(other.address);
  try {
    const asked = () => one.responder.counters().packets.udp + other.responder.counters().packets.udp;
    // Those that the client itself sends are not part of the loop.
    return await measure('two that ask each other', [one, other], () => asked() - QUERIES);
  } finally {
    await Promise.all([one.stop(), other.stop()]);
    await pipe.close();
  }
}

async function measure(what: string, daemons: readonly Daemon[], packets: () => number): Promise<Figure[]> {
  const [daemon] = daemons;
  if (!daemon) return [];
  const client = await UdpClient.open(daemon.address);
  let [told, slowest] = [0, 0];
  const askOnce = async (index: number) => {
    const started = performance.now();
    const reply = await client.ask(query(`loop-${index}.example.`, TYPE.A));
    slowest = Math.max(slowest, performance.now() - started);
    const rcode = (reply?.readUInt8(3) ?? 0) & 0xf;
    if (rcode === RCODE.REFUSED || rcode === RCODE.SERVFAIL) told++;
  };
  await Promise.all(Array.from({ length: QUERIES }, (_, index) => askOnce(index)));
  const inAll = packets();
  const alive = await Promise.all(daemons.map((each) => ping(each)));
  client.close();
  const faults = daemons.reduce((sum, each) => sum + each.faults.length, 0);
  return [
    {
      attack: ATTACK,
      what: `${what}: packets a query`,
      value: round(inAll / QUERIES),
      unit: 'packets',
      bound: { atMost: PER_QUERY, because: 'the query, its hedge, and the one that comes back' },
    },
    always(ATTACK, `${what}: REFUSED or SERVFAIL`, told, QUERIES),
    {
      attack: ATTACK,
      what: `${what}: slowest reply`,
      value: round(slowest),
      unit: 'ms',
      bound: {
        atMost: 2 * TIMES.deadline,
        because: 'no query waits longer than the deadline of each daemon',
      },
    },
    always(ATTACK, `${what}: still answering`, alive.filter(Boolean).length, daemons.length),
    never(ATTACK, `${what}: faults`, faults, QUERIES),
  ];
}

async function ping({ address }: Daemon): Promise<boolean> {
  const client = await UdpClient.open(address);
  const reply = await client.ask(query('ns', TYPE.A));
  client.close();
  return reply?.readUInt16BE(6) === 1;
}
