import type { Socket } from 'node:dgram';

/** How many bytes may wait in this process for the kernel to accept them. More would only arrive late. */
const MAX_WAITING = 1024 * 1024;
/** A power of two. The kernel accepts nearly every datagram at once, so an occasional check is enough. */
const LOOK_EVERY = 64;

/** Keeps the send queue of one socket short: when the queue is full, datagrams are dropped, as a router would do. */
export class SendGate {
  readonly #socket: Socket;
  #sends = 0;
  #full = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Whether the next datagram may be sent. */
  open(): boolean {
    this.#sends = (this.#sends + 1) & (LOOK_EVERY - 1);
    if (this.#full || this.#sends === 0) this.#full = this.#socket.getSendQueueSize() > MAX_WAITING;
    return !this.#full;
  }
}
