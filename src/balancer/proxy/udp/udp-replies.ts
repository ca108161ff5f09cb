import type { DatagramBatch } from '../../../linux/datagram-batch.js';
import { SOCKADDR_IN_SIZE } from '../../../linux/sockaddr.js';
import { BatchPace } from './batch-pace.js';
import { addressPlace } from './udp-flow-key.js';

/**
 * Replies that arrive in one turn of the event loop, each on a socket of its own: they leave through the socket of the
 * virtual IP by one sendmmsg(2). IPv4 only. One for a whole thread: a reply for another socket sends those before it.
 */
export class UdpReplies {
  readonly #batch: DatagramBatch;
  readonly #pace = new BatchPace();
  #fd = -1;
  /** Places that are filled. */
  #count = 0;
  /** Replies of this turn. */
  #ofTurn = 0;

  constructor(batch: DatagramBatch) {
    this.#batch = batch;
  }

  /**
   * Takes a copy of a reply, to be sent before the event loop's turn ends.
   * @param key the client's `flowKey`
   * @returns false while replies come singly: the caller sends it then
   */
  take(fd: number, key: number, datagram: Uint8Array): boolean {
    if (datagram.length > this.#batch.room) return false;
    if (this.#ofTurn === 0) {
      if (!this.#pace.due()) return false;
      setImmediate(() => this.#endTurn());
    }
    if (this.#count === this.#batch.capacity || (this.#count > 0 && fd !== this.#fd)) this.flush();
    this.#fd = fd;
    const place = this.#count++;
    this.#ofTurn++;
    addressPlace(this.#batch, place, key);
    this.#batch.octets.set(datagram, this.#batch.datagramAt(place));
    this.#batch.setPlace(place, SOCKADDR_IN_SIZE, datagram.length);
    return true;
  }

  /** Sends what is there. To be called before the socket is closed: another socket may get its number. */
  flush(): void {
    const count = this.#count;
    this.#count = 0;
    // The kernel stops at a datagram that it refuses. Only that one is lost: the next is for another client.
    for (let sent = 0; sent < count;) sent += Math.max(1, this.#batch.send(this.#fd, sent, count - sent));
  }

  #endTurn(): void {
    this.flush();
    this.#pace.note(this.#ofTurn - 1);
    this.#ofTurn = 0;
  }
}
