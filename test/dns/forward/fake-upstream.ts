import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { HostPort } from '../../../src/net/ip.js';
import { frame, FrameBuffer } from '../../../src/wire/tcp-frames.js';
import { parseQuery, type Query } from '../../../src/wire/query-message.js';
import { composeReply, type ReplyBody } from '../../../src/wire/reply.js';

export interface Received {
  readonly query: Query;
  readonly transport: 'udp' | 'tcp';
  readonly from: RemoteInfo | undefined;
  /** Sends bytes back; over TCP as one message. */
  readonly send: (bytes: Uint8Array) => void;
  /** Sends bytes back from another port, as a forger would. */
  readonly forge: (bytes: Uint8Array) => void;
}

export interface FakeUpstream {
  readonly address: HostPort;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** A DNS server on loopback that does with each query what the script says. */
export async function fakeUpstream(
  script: (received: Received, index: number) => void,
): Promise<FakeUpstream> {
  const received: Received[] = [];
  const take = (packet: Uint8Array, rest: Omit<Received, 'query'>): void => {
    const parsed = parseQuery(packet);
    if (!parsed.ok) throw new Error(`the forwarder sent no query: ${parsed.fault}`);
    const entry = { ...rest, query: parsed.query };
    received.push(entry);
    script(entry, received.length - 1);
  };
  const { tcp, udp, port } = await bindBoth();
  const forger = createSocket('udp4');
  udp.on('message', (packet, from) => {
    const to = [from.port, from.address] as const;
    take(packet, {
      transport: 'udp',
      from,
      send: (bytes) => udp.send(bytes, ...to),
      forge: (bytes) => forger.send(bytes, ...to),
    });
  });
  tcp.on('connection', (socket) => {
    const frames = new FrameBuffer();
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      frames.push(chunk);
      const send = (bytes: Uint8Array): void => void socket.write(frame(bytes));
      for (let packet = frames.next(); packet; packet = frames.next()) {
        take(packet, { transport: 'tcp', from: undefined, send, forge: send });
      }
    });
  });
  return {
    address: { ip: '127.0.0.1', port },
    received,
    async close() {
      udp.close();
      forger.close();
      tcp.close();
      await Promise.all([once(udp, 'close'), once(forger, 'close')]);
    },
  };
}

async function bindBoth(): Promise<{ tcp: Server; udp: UdpSocket; port: number }> {
  for (;;) {
    const tcp = createServer();
    await once(tcp.listen(0, '127.0.0.1'), 'listening');
    const address = tcp.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const udp = createSocket('udp4');
    const bound = await new Promise<boolean>((resolve) => {
      udp.once('error', () => resolve(false));
      udp.bind(port, '127.0.0.1', () => resolve(true));
    });
    if (bound) return { tcp, udp, port };
    tcp.close();
  }
}

export function replyTo(query: Query, body: ReplyBody): Buffer {
  return composeReply(query, { ra: true, ...body }, 65535).message;
}
