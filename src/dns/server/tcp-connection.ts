import type { Socket } from 'node:net';
import { HEADER_SIZE } from '../../wire/constants.js';
import { frame, FrameBuffer } from '../../wire/tcp-frames.js';
import type { Client } from './query-client.js';
import type { Responder } from './responder.js';
import type { TcpLimits } from './tcp-limits.js';

/**
 * What a connection waits for. `answers` arrive without the client and need no time limit. The others have one, and
 * only real progress restarts it: a whole message, a reply, or a client that has read everything.
 */
type Waiting = 'first-octet' | 'message' | 'idle' | 'reader' | 'answers';

/**
 * One client's connection (RFC 7766). Queries may be pipelined; answers go out as soon as they are ready, in any order.
 * The connection ends:
 *
 * - when the client closes it, or takes too long to send, to finish a message or to read
 * - after a frame that is too short for a header
 * - after a query that gets no reply
 * - after the last query it may send
 */
export class TcpConnection {
  readonly #socket: Socket;
  readonly #client: Client;
  readonly #responder: Pick<Responder, 'respond'>;
  readonly #limits: TcpLimits;
  /** The current idle time in ms. It depends on how crowded the server is. */
  readonly #idleTime: () => number;
  readonly #frames = new FrameBuffer();
  #timer: NodeJS.Timeout | undefined;
  #waiting: Waiting | undefined;
  /** The number of complete messages when the wait began. */
  #waitingSince = 0;
  #inFlight = 0;
  #queries = 0;
  /** No more data is read: the client closed its side, or used up its limit. */
  #ending = false;
  /** Only pending queries are still answered. */
  #finishing = false;

  constructor(
    socket: Socket,
    client: Client,
    responder: Pick<Responder, 'respond'>,
    limits: TcpLimits,
    idleTime: () => number,
  ) {
    this.#socket = socket;
    this.#client = client;
    this.#responder = responder;
    this.#limits = limits;
    this.#idleTime = idleTime;
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      if (this.#ending) return;
      this.#frames.push(chunk);
      this.#advance();
    });
    socket.on('end', () => {
      this.#ending = true;
      this.#advance();
    });
    socket.on('drain', () => this.#advance());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => clearTimeout(this.#timer));
    this.#wait('first-octet');
  }

  /** Whether the client has completed a message yet. */
  get hasAsked(): boolean {
    return this.#queries > 0;
  }

  /** Accepts no more queries, and closes when every pending reply has been sent. */
  finish(): void {
    this.#finishing = true;
    this.#ending = true;
    if (this.#socket.writableFinished) this.#socket.destroy();
    else this.#settle();
  }

  /** Accepts as many queries as may be pending, then waits for the next event. */
  #advance(): void {
    if (this.#socket.destroyed) return;
    while (!this.#finishing && !this.#full && this.#queries < this.#limits.queries) {
      const message = this.#frames.next();
      if (message === undefined) break;
      if (message.length < HEADER_SIZE) {
        this.#socket.destroy();
        return;
      }
      this.#queries++;
      this.#ask(message);
    }
    this.#settle();
  }

  get #full(): boolean {
    return this.#inFlight >= this.#limits.inFlight || this.#unread;
  }

  /** Whether the client fails to read its replies. */
  get #unread(): boolean {
    return this.#socket.writableLength > this.#limits.backlog;
  }

  #settle(): void {
    if (this.#socket.destroyed || this.#socket.writableEnded) return;
    if (this.#full && !this.#finishing) {
      this.#socket.pause();
      this.#wait(this.#unread ? 'reader' : 'answers');
      return;
    }
    if (this.#queries >= this.#limits.queries) this.#ending = true;
    this.#socket.resume();
    if (this.#ending && this.#inFlight === 0) {
      this.#socket.end(() => {
        if (this.#finishing) this.#socket.destroy();
      });
      this.#wait('reader');
    } else if (this.#frames.pending > 0 && !this.#ending) this.#wait('message');
    else this.#wait(this.#inFlight > 0 ? 'answers' : 'idle');
  }

  #wait(waiting: Waiting): void {
    const same = waiting === this.#waiting && this.#waitingSince === this.#queries;
    if (same && waiting !== 'idle') return;
    this.#waiting = waiting;
    this.#waitingSince = this.#queries;
    clearTimeout(this.#timer);
    if (waiting !== 'answers') this.#timer = setTimeout(() => this.#socket.destroy(), this.#limit(waiting));
  }

  #limit(waiting: Exclude<Waiting, 'answers'>): number {
    switch (waiting) {
      case 'first-octet':
        return this.#limits.firstOctet;
      case 'message':
        return this.#limits.message;
      case 'idle':
      case 'reader':
        return this.#idleTime();
    }
  }

  #ask(message: Buffer): void {
    const reply = this.#responder.respond(message, this.#client);
    if (!(reply instanceof Promise)) {
      this.#send(reply);
      return;
    }
    this.#inFlight++;
    void reply.then((late) => {
      this.#inFlight--;
      this.#send(late);
      this.#advance();
    });
  }

  #send(reply: Buffer | undefined): void {
    if (reply === undefined) this.#ending = true;
    else if (this.#socket.writable) this.#socket.write(frame(reply));
  }
}
