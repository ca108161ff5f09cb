import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { DesiredBackend, VirtualService } from '../../../src/balancer/plane.js';
import type { HostPort } from '../../../src/net/ip.js';
import { closedPort } from '../../support/own-port.js';

/** A task: a listener on loopback that treats every connection in one way. */
export interface Peer {
  readonly address: HostPort;
  /** Connections so far. */
  readonly accepted: () => number;
  /** Those that are open. */
  readonly open: () => readonly Socket[];
  /** Stops listening and resets what is open. */
  close(): Promise<void>;
}

export type Behaviour = (socket: Socket) => void;

export async function startPeer(behave: Behaviour, port = 0, ip = '127.0.0.1'): Promise<Peer> {
  const open = new Set<Socket>();
  let accepted = 0;
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted++;
    open.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => open.delete(socket));
    behave(socket);
  });
  server.listen({ port, host: ip, backlog: 4096 });
  await once(server, 'listening');
  return {
    address: { ip, port: (server.address() as AddressInfo).port },
    accepted: () => accepted,
    open: () => [...open],
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of open) socket.resetAndDestroy();
      await closed;
    },
  };
}

let closedAddresses = 0;

/** An address of loopback at which no process listens, another each time. */
export const closedAddress = (): HostPort => ({
  ip: `127.96.${closedAddresses >> 8}.${closedAddresses++ & 255}`,
  port: closedPort,
});

/**
 * How many open connections at an IPv4 address of loopback their listener has accepted: the kernel gives a socket its inode then
 * (proc_net_tcp(5)).
 */
export function acceptedAt({ ip, port }: HostPort): number {
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  const host = ip.split('.').map(Number).reverse();
  const local = `${host.map((each) => hex(each, 2)).join('')}:${hex(port, 4)}`;
  const [ESTABLISHED, NO_INODE] = ['01', '0'];
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/))
    .filter((row) => row[1] === local && row[3] === ESTABLISHED && row[9] !== NO_INODE).length;
}

/** Gives everything back, and ends when the client does. */
export const echo: Behaviour = (socket) => void socket.pipe(socket);

/** Says who it is, then gives everything back. */
export const named =
  (name: string): Behaviour =>
  (socket) => {
    socket.write(`${name}:`);
    socket.pipe(socket);
  };

/** Takes everything, and answers when the client has ended. */
export const answerAtEnd =
  (answer: (got: Buffer) => string | Buffer): Behaviour =>
  (socket) => {
    const pieces: Buffer[] = [];
    socket.on('data', (piece: Buffer) => pieces.push(piece));
    socket.on('end', () => socket.end(answer(Buffer.concat(pieces))));
  };

/** What a client saw of a connection. */
export interface Seen {
  readonly text: string;
  /** `fin`, or the error: `ECONNRESET`, `ECONNREFUSED`. */
  readonly end: string;
}

/** A client's connection that notes everything. */
export class Client {
  readonly socket: Socket;
  /** Resolves when the other side has ended or reset the connection. */
  readonly over: Promise<Seen>;
  readonly #pieces: Buffer[] = [];
  #waiting: (() => void)[] = [];

  constructor({ ip, port }: HostPort, localAddress?: string) {
    this.socket = connect({
      host: ip,
      port,
      allowHalfOpen: true,
      noDelay: true,
      ...(localAddress && { localAddress }),
    });
    this.socket.on('data', (piece: Buffer) => {
      this.#pieces.push(piece);
      this.#tell();
    });
    this.over = new Promise((resolve) => {
      const end = (how: string): void => {
        resolve({ text: this.text, end: how });
        this.#tell();
      };
      this.socket.on('end', () => end('fin'));
      this.socket.on('error', (error) => end('code' in error ? String(error.code) : error.message));
      this.socket.on('close', () => end('closed'));
    });
  }

  get octets(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  get text(): string {
    return this.octets.toString('latin1');
  }

  /** Resolves when as many bytes have come, or no more will. */
  async got(length: number): Promise<string> {
    const over = this.over.then(() => true);
    for (let isOver = false; this.octets.length < length && !isOver;) {
      const more = new Promise<boolean>((resolve) => this.#waiting.push(() => resolve(false)));
      isOver = await Promise.race([more, over]);
    }
    return this.text;
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  end(text = ''): this {
    this.socket.end(text);
    return this;
  }

  #tell(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const each of waiting) each();
  }
}

/** Sends a text, ends, and reads to the end. */
export async function exchange(address: HostPort, text: string, localAddress?: string): Promise<Seen> {
  const client = new Client(address, localAddress);
  const seen = await client.end(text).over;
  client.socket.destroy();
  return seen;
}

/** Resolves when something has become true; the test's own time limit ends a wait for what never does. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 2));
}

export const backend = (
  id: string,
  address: HostPort,
  over: Partial<DesiredBackend> = {},
): DesiredBackend => ({
  id,
  name: `task_${id}`,
  address,
  weight: 1,
  state: 'active',
  ...over,
});

export const tcpService = (
  vip: HostPort,
  backends: readonly DesiredBackend[],
  over: Partial<VirtualService> = {},
): VirtualService => ({
  service: 'default/shop/web',
  vip: vip.ip,
  port: vip.port,
  protocol: 'tcp',
  scheduler: 'rr',
  backends,
  ...over,
});
