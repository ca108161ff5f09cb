import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer, type TLSSocket } from 'node:tls';
import { frame, FrameBuffer } from '../../../src/wire/tcp-frames.js';
import { parseQuery, type Query } from '../../../src/wire/query-message.js';
import type { HostPort } from '../../../src/net/ip.js';

const fixture = (file: string): string => readFileSync(new URL(`fixtures/${file}`, import.meta.url), 'utf8');

/** The authority of the fakes. */
export const CA = fixture('ca.pem');

export interface TlsReceived {
  readonly query: Query;
  /** Bytes of the query. */
  readonly size: number;
  /** Which connection it came on, from 0. */
  readonly connection: number;
  readonly socket: TLSSocket;
  readonly send: (message: Uint8Array) => void;
}

export interface FakeTlsUpstream {
  readonly address: HostPort;
  readonly received: readonly TlsReceived[];
  /** Every connection that was made, whether anything came on it or not. */
  readonly connections: readonly { readonly resumed: boolean; readonly alpn: string | false | null }[];
  close(): Promise<void>;
}

/**
 * A DNS server over TLS on loopback that does with each query what the script says.
 * @param certificate what the certificate is for: the name `dns.example` or the address 127.0.0.1
 */
export async function fakeTlsUpstream(
  certificate: 'name' | 'address',
  script: (received: TlsReceived, index: number) => void,
): Promise<FakeTlsUpstream> {
  const received: TlsReceived[] = [];
  const connections: { resumed: boolean; alpn: string | false | null }[] = [];
  const sockets = new Set<TLSSocket>();
  const server = createServer({
    cert: fixture(`${certificate}.pem`),
    key: fixture('server.key'),
    ALPNProtocols: ['dot'],
  });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => {
    const connection = connections.push({ resumed: socket.isSessionReused(), alpn: socket.alpnProtocol }) - 1;
    sockets.add(socket);
    const frames = new FrameBuffer();
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk: Buffer) => {
      frames.push(chunk);
      const send = (message: Uint8Array): void => void socket.write(frame(message));
      for (let packet = frames.next(); packet; packet = frames.next()) {
        const parsed = parseQuery(packet);
        if (!parsed.ok) throw new Error(`the forwarder sent no query: ${parsed.fault}`);
        const entry = { query: parsed.query, size: packet.length, connection, socket, send };
        received.push(entry);
        script(entry, received.length - 1);
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return {
    address: { ip: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 },
    received,
    connections,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
