import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { RCODE } from '../../src/wire/constants.js';
import { frame, FrameBuffer } from '../../src/wire/tcp-frames.js';
import { parseQuery, type Query } from '../../src/wire/query-message.js';
import { addressRecord } from '../support/address-record.js';
import { composeReply, type ReplyBody } from '../../src/wire/reply.js';
import type { HostPort } from '../../src/net/ip.js';
import { exampleSoa } from '../support/soa.js';

export interface UpstreamQuery {
  readonly query: Query;
  readonly transport: 'udp' | 'tcp';
  /** Sends a message back. */
  readonly send: (message: Uint8Array) => void;
  /** Over UDP: sends it from another port, as somebody else would. */
  readonly forge: (message: Uint8Array) => void;
}

export interface AttackUpstream {
  readonly address: HostPort;
  close(): Promise<void>;
}

/** A DNS server on loopback that keeps nothing, and does with each query what it is told. */
export async function startUpstream(onQuery: (asked: UpstreamQuery) => void): Promise<AttackUpstream> {
  const { tcp, udp, address } = await bindBoth();
  const forger = createSocket('udp4');
  const sockets = new Set<Socket>();
  udp.on('message', (packet, from) => {
    const parsed = parseQuery(packet);
    if (!parsed.ok) return;
    const to = [from.port, from.address] as const;
    onQuery({
      query: parsed.query,
      transport: 'udp',
      send: (message) => udp.send(message, ...to),
      forge: (message) => forger.send(message, ...to),
    });
  });
  tcp.on('connection', (socket) => {
    sockets.add(socket);
    const frames = new FrameBuffer();
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      frames.push(chunk);
      const send = (message: Uint8Array): void => void socket.write(frame(message));
      for (let packet = frames.next(); packet; packet = frames.next()) {
        const parsed = parseQuery(packet);
        if (parsed.ok) onQuery({ query: parsed.query, transport: 'tcp', send, forge: () => undefined });
      }
    });
  });
  return {
    address,
    async close() {
      for (const socket of sockets) socket.destroy();
      udp.close();
      forger.close();
      tcp.close();
      await Promise.all([once(udp, 'close'), once(forger, 'close'), once(tcp, 'close')]);
    },
  };
}

async function bindBoth(): Promise<{ tcp: Server; udp: UdpSocket; address: HostPort }> {
  for (;;) {
    const tcp = createServer();
    await once(tcp.listen(0, '127.0.0.1'), 'listening');
    const bound = tcp.address();
    const address = { ip: '127.0.0.1', port: typeof bound === 'object' && bound ? bound.port : 0 };
    const udp = createSocket('udp4');
    const isFree = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(address.port, address.ip, () => resolve(true));
    });
    if (isFree) return { tcp, udp, address };
    tcp.close();
  }
}

/** Of nobody: a documentation address, outside every network of ours. */
export const HONEST_ADDRESS = '192.0.2.1';

export function reply(query: Query, body: ReplyBody): Buffer {
  return composeReply(query, { ra: true, ...body }, 65_535).message;
}

export function addressReply(query: Query, address = HONEST_ADDRESS, ttl = 300): Buffer {
  return reply(query, { rcode: RCODE.NOERROR, answers: [addressRecord(query.question.name, ttl, address)] });
}

export function denial(query: Query): Buffer {
  return reply(query, { rcode: RCODE.NXDOMAIN, authority: [exampleSoa] });
}
