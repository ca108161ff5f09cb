import type { Socket } from 'node:dgram';

/** Bytes that may wait in this process for the kernel to take them; more would only be late. */
const MAX_WAITING = 1024 * 1024;
/** A power of two. The kernel takes nearly every datagram at once, so it is enough to look now and then. */
const LOOK_EVERY = 64;

/** Keeps what waits to be sent on one socket small: when the way out is full, datagrams are dropped, as a router would. */
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
