import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { HostPort } from '../../src/net/ip.js';

/** A reply that does not come is waited for this long, in ms. */
const PATIENCE = 4000;

/** A client on one socket, with as many queries under way as one likes. */
export class UdpClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, (reply: Buffer) => void>();
  #lastId = 0;
  /** Replies that nobody waited for. */
  unexpected = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('message', (reply) => {
      const id = reply.length >= 2 ? reply.readUInt16BE(0) : 0;
      const take = this.#waiting.get(id);
      if (take) take(reply);
      else this.unexpected++;
    });
  }

  /** @param from an address of 127.0.0.0/8 to ask from */
  static async open(server: HostPort, from = '127.0.0.1'): Promise<UdpClient> {
    const socket = createSocket('udp4');
    socket.bind(0, from);
    await once(socket, 'listening');
    socket.connect(server.port, server.ip);
    await once(socket, 'connect');
    return new UdpClient(socket);
  }

  /** Sends bytes as they are. */
  send(packet: Uint8Array): void {
    this.#socket.send(packet);
  }

  /** Sends the query with an ID of its own. @returns undefined when no reply comes */
  ask(query: Uint8Array, patience = PATIENCE): Promise<Buffer | undefined> {
    this.#lastId = (this.#lastId + 1) & 0xffff;
    const id = this.#lastId;
    const packet = Buffer.from(query);
    packet.writeUInt16BE(id, 0);
    return new Promise((resolve) => {
      const settle = (reply: Buffer | undefined) => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(reply);
      };
      const timer = setTimeout(settle, patience, undefined);
      this.#waiting.set(id, settle);
      this.#socket.send(packet);
    });
  }

  close(): void {
    this.#socket.close();
  }
}

/** Runs `count` tasks, `width` of them at a time. */
export async function inParallel(
  count: number,
  width: number,
  run: (index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker));
}
