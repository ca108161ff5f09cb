import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { TYPE } from '../../src/wire/constants.js';
import { frame, FrameBuffer } from '../../src/wire/tcp-frames.js';
import { query } from './packets.js';
import type { ConformanceCase } from './model.js';

/** What came back. */
export interface Observed {
  readonly replies: readonly Buffer[];
  /** The server closed the connection; false over UDP. */
  readonly closed: boolean;
}

/** A reply that is due and does not come is waited for this long, in ms. Nothing else waits for time to pass. */
const PATIENCE = 4000;

/** The same, when the server has already answered what was asked later. */
const SHORT_PATIENCE = 1500;

const SENTINEL_ID = 0x5e17;

/** Asked last: when this is answered, what was to get silence has got it. */
const sentinel = query('ns', TYPE.A, { id: SENTINEL_ID });

const isSentinel = (reply: Buffer) => reply.length >= 2 && reply.readUInt16BE(0) === SENTINEL_ID;

/** Puts a case to a server on loopback. */
export function carryOut(row: ConformanceCase, port: number): Promise<Observed> {
  return row.carriage.over === 'udp' ? overUdp(row, port) : overTcp(row, row.carriage, port);
}

const expectsSilence = ({ asks }: ConformanceCase) => asks.some(({ expect }) => expect === 'silence');
const repliesDue = ({ asks }: ConformanceCase) => asks.filter(({ expect }) => expect !== 'silence').length;

async function overUdp(row: ConformanceCase, port: number): Promise<Observed> {
  const socket = createSocket('udp4');
  const replies: Buffer[] = [];
  const answered = new AbortController();
  const complete = new Promise<void>((resolve) => {
    socket.on('message', (reply) => {
      if (isSentinel(reply)) answered.abort();
      else replies.push(reply);
      if (replies.length >= repliesDue(row) && answered.signal.aborted) resolve();
    });
  });
  try {
    for (const { packet } of row.asks) socket.send(packet, port, '127.0.0.1');
    socket.send(sentinel, port, '127.0.0.1');
    await withPatience(complete, answered.signal);
    return { replies, closed: false };
  } finally {
    socket.close();
  }
}

type TcpCarriage = Extract<ConformanceCase['carriage'], { over: 'tcp' }>;

async function overTcp(row: ConformanceCase, carriage: TcpCarriage, port: number): Promise<Observed> {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
  const frames = new FrameBuffer();
  const replies: Buffer[] = [];
  let answered = false;
  let closed = false;
  const complete = new Promise<void>((resolve) => {
    const check = () => {
      const all = replies.length >= repliesDue(row) && (answered || !expectsSilence(row));
      if (closed || (all && carriage.closes !== true)) resolve();
    };
    const close = () => {
      closed = true;
      check();
    };
    socket.on('error', close).on('end', close).on('close', close);
    socket.on('data', (chunk) => {
      frames.push(chunk);
      for (let reply = frames.next(); reply; reply = frames.next()) {
        if (isSentinel(reply)) answered = true;
        else replies.push(reply);
      }
      check();
    });
  });
  const write = (bytes: Uint8Array) => {
    if (socket.writable) socket.write(bytes);
  };
  try {
    for (const piece of pieces(row, carriage)) {
      write(piece);
      // Each piece is to be a segment of its own.
      if (carriage.delivery !== undefined && carriage.delivery !== 'together') await sleep(1);
    }
    if (carriage.halfClose) socket.end();
    await withPatience(complete);
    return { replies, closed };
  } finally {
    socket.destroy();
  }
}

function pieces(row: ConformanceCase, { delivery = 'together', closes }: TcpCarriage): readonly Uint8Array[] {
  const packets = row.asks.map(({ packet }) => packet);
  if (expectsSilence(row) && closes !== true) packets.push(sentinel);
  const framed = packets.map(frame);
  switch (delivery) {
    case 'together':
      return [Buffer.concat(framed)];
    case 'octets':
      return [...Buffer.concat(framed)].map((octet) => Uint8Array.of(octet));
    case 'split':
      return framed.flatMap((each) => [each.subarray(0, 2), each.subarray(2)]);
  }
}

/** Ends with the promise or when patience does; what came until then is judged. */
async function withPatience(complete: Promise<void>, answered?: AbortSignal): Promise<void> {
  const over = new AbortController();
  const elapsed = (ms: number, signal: AbortSignal) =>
    sleep(ms, undefined, { signal }).then(
      () => undefined,
      () => undefined,
    );
  const late = async () => {
    if (!answered) return elapsed(PATIENCE, over.signal);
    await elapsed(PATIENCE, AbortSignal.any([over.signal, answered]));
    return answered.aborted ? elapsed(SHORT_PATIENCE, over.signal) : undefined;
  };
  await Promise.race([complete, late()]);
  over.abort();
}
