import { EPOLL } from '../../../../linux/epoll.js';
import { ERRNO, RECEIVE_SIZE, type PeerAddress, type Pipe } from '../../../../linux/tcp-calls.js';
import type { PipePool } from './pipe-pool.js';
import type { Reactor, Resumable, Watcher } from './reactor.js';

/** Events that concern receiving. */
const INCOMING = EPOLL.IN | EPOLL.RDHUP | EPOLL.HUP | EPOLL.ERR | EPOLL.PRI;
/** The events watched on one side, edge-triggered. Events for sending are added when the socket's buffer was full. */
const WATCHED = EPOLL.IN | EPOLL.RDHUP | EPOLL.PRI | EPOLL.ET;

/** How many bytes one side moves before the others get their turn. */
const TURN_OCTETS = 2 * 1024 * 1024;

/** The flow to which a side belongs. */
export interface SideOwner {
  /** Handles an event before bytes flow. @returns whether they flow now */
  opens(side: Side, events: number): boolean;
  /** Bytes have arrived from this side and go to the other. */
  received(side: Side, octets: number): void;
  /** This side has ended, and the other has received all of it. */
  ended(side: Side): void;
  /** Bytes from this side were dropped. */
  dropped(): void;
  /** This side accepts no more data. Data from it may still be pending. @param error a negative errno */
  blocked(side: Side, error: number): void;
  /** This side was reset, or its connection broke. @param error a negative errno */
  failed(side: Side, error: number): void;
}

/** What all sides of a thread share. */
export interface SideContext {
  readonly reactor: Reactor;
  readonly pipes: PipePool;
}

/**
 * One connected socket of a flow, and the data from it that the other side has not accepted yet. Small pieces are
 * copied. A stream goes through a pipe without being copied (splice(2)). Nothing is received while the other side
 * accepts nothing.
 */
export class Side implements Watcher, Resumable {
  tag = 0;
  readonly fd: number;
  owner: SideOwner | undefined = undefined;
  other: Side | undefined = undefined;
  /** The peer's address, if this is the client's side. */
  readonly address: PeerAddress | undefined;
  readonly #context: SideContext;
  #events = 0;
  #isOpen = true;
  /** There may be data to receive. */
  #isReadable = false;
  /** The peer has closed its side: a receive that does not fill the buffer is the last. */
  #isLast = false;
  /** A short read does not mean that everything was read, because urgent data or an error may be in between. */
  #isOdd = false;
  #hasEnded = false;
  /** The kernel has reported an error. */
  #isBroken = false;
  /** It continues in the next turn, whatever happens until then. */
  #isQueued = false;
  /** Data from it is dropped. */
  #isIgnored = false;
  /** It is a stream. */
  #isBulk = false;
  /** Data that the other side has not accepted: in one of these two, or in neither. */
  #rest: Uint8Array | undefined = undefined;
  #pipe: Pipe | undefined = undefined;

  constructor(context: SideContext, fd: number, address?: PeerAddress) {
    this.#context = context;
    this.fd = fd;
    this.address = address;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Starts to receive events. @param more further bits of `EPOLL` @returns false when the kernel has no capacity for it
   */
  watch(more = 0): boolean {
    if (this.tag !== 0) return true;
    this.#events |= WATCHED | more;
    return this.#context.reactor.watch(this.fd, this.#events, this);
  }

  onEvents(events: number): void {
    const { owner } = this;
    if (!owner) return;
    if ((events & INCOMING) !== 0) this.#hear(events);
    if (!this.other && !this.#isIgnored && !owner.opens(this, events)) return;
    const { other } = this;
    // Sending also reports an error.
    if (other && (events & (EPOLL.OUT | EPOLL.ERR)) !== 0 && other.isHeld) other.pump();
    if (!this.#isOpen || (events & INCOMING) === 0) return;
    if (this.#hasEnded && this.#isBroken) this.#breakOff();
    else this.#goOn();
  }

  /** Whether the other side has not accepted everything. */
  get isHeld(): boolean {
    return this.#rest !== undefined || this.#pipe !== undefined;
  }

  /** Moves pending data to the other side, as far as that accepts it. */
  pump(): void {
    if (this.#isIgnored) {
      this.#drop();
      return;
    }
    if (this.#isQueued || (this.isHeld && !this.#flush())) return;
    if (this.#isLast && !this.#isReadable) this.#end();
    for (let left = TURN_OCTETS; this.#isReadable && this.#isOpen && !this.isHeld;) {
      if (left <= 0) {
        this.#isQueued = true;
        this.#context.reactor.again(this);
        return;
      }
      left -= this.#isBulk ? this.#splice() : this.#copy();
    }
  }

  /** There may be data for which no event will come. */
  expectMore(): void {
    this.#isReadable = !this.#hasEnded;
  }

  resume(): void {
    this.#isQueued = false;
    if (this.#isOpen && (this.other || this.#isIgnored)) this.#goOn();
  }

  /** Sends bytes to the other side before anything else. */
  put(octets: Uint8Array): void {
    this.#rest = octets;
    this.#flush();
  }

  /** The other side is gone, and a new one will follow. */
  detach(): void {
    this.other = undefined;
    this.#rest = undefined;
  }

  /**
   * From now on drops data from this side, including what the other side has not accepted. @returns whether there was
   * any
   */
  ignore(): boolean {
    const wasHeld = this.isHeld;
    if (this.#pipe) this.#context.pipes.give(this.#pipe);
    this.#pipe = undefined;
    this.#rest = undefined;
    this.#isIgnored = true;
    this.expectMore();
    return this.#drop() || wasHeld;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  end(): void {
    this.#context.reactor.calls.end(this.fd);
  }

  /** @param isReset whether the peer sees a reset */
  close(isReset: boolean): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { reactor, pipes } = this.#context;
    if (isReset) reactor.calls.abort(this.fd);
    reactor.close(this.fd, this);
    if (this.#pipe) pipes.give(this.#pipe);
    this.#pipe = undefined;
    this.#rest = undefined;
  }

  get #isClient(): boolean {
    return this.address !== undefined;
  }

  #goOn(): void {
    this.pump();
    // No further event will report the error, and a task that hangs never accepts the rest. But the client first gets
    // what its task has said.
    if (this.#isBroken && this.#isClient && this.isHeld) this.#breakOff();
  }

  #hear(events: number): void {
    this.#isReadable = !this.#hasEnded;
    if ((events & EPOLL.ERR) !== 0) this.#isBroken = true;
    if ((events & (EPOLL.PRI | EPOLL.ERR)) !== 0) this.#isOdd = true;
    else if ((events & EPOLL.RDHUP) !== 0) this.#isLast = true;
  }

  /** @returns whether there was any data */
  #drop(): boolean {
    const { calls } = this.#context.reactor;
    let left = TURN_OCTETS;
    while (this.#isReadable && this.#isOpen && !this.#isQueued) {
      const got = calls.receive(this.fd);
      if (got <= 0) {
        this.#receivedNothing(got);
        break;
      }
      this.owner?.dropped();
      left -= got;
      if (left > 0) continue;
      this.#isQueued = true;
      this.#context.reactor.again(this);
    }
    return left < TURN_OCTETS;
  }

  /** @returns the number of bytes moved; errors have been handled */
  #copy(): number {
    const { calls } = this.#context.reactor;
    const got = calls.receive(this.fd);
    if (got <= 0) {
      this.#receivedNothing(got);
      return 0;
    }
    const isFull = got === RECEIVE_SIZE;
    this.#isReadable = isFull || this.#isOdd;
    this.#isBulk = isFull && !this.#isOdd;
    this.owner?.received(this, got);
    if (!this.other) return 0;
    const sent = calls.send(this.other.fd, got);
    if (sent === got) {
      if (this.#isLast && !this.#isReadable) this.#end();
      return got;
    }
    if (sent < 0 && sent !== -ERRNO.EAGAIN) {
      this.#otherFailed(sent);
      return 0;
    }
    this.#rest = calls.buffer.slice(Math.max(0, sent), got);
    this.#waitForOther();
    return got;
  }

  #splice(): number {
    const { reactor, pipes } = this.#context;
    const pipe = pipes.take();
    if (!pipe) {
      this.#isBulk = false;
      return 0;
    }
    const got = reactor.calls.spliceIn(this.fd, pipe);
    if (got <= 0) {
      pipes.give(pipe);
      this.#receivedNothing(got);
      return 0;
    }
    pipe.held = got;
    this.#pipe = pipe;
    this.#isBulk = got >= RECEIVE_SIZE && !this.#isOdd;
    this.owner?.received(this, got);
    this.#flush();
    return got;
  }

  #receivedNothing(result: number): void {
    this.#isReadable = false;
    if (result === 0) this.#end();
    else if (result !== -ERRNO.EAGAIN) this.owner?.failed(this, result);
  }

  /** @returns whether the other side now has everything */
  #flush(): boolean {
    const { other } = this;
    if (!other) return false;
    const error = this.#pipe ? this.#flushPipe(this.#pipe, other) : this.#flushRest(other);
    if (error !== 0 && error !== -ERRNO.EAGAIN) {
      this.#otherFailed(error);
      return false;
    }
    if (!this.isHeld) return true;
    this.#waitForOther();
    return false;
  }

  /** @returns a negative errno, or 0 */
  #flushPipe(pipe: Pipe, other: Side): number {
    const { reactor, pipes } = this.#context;
    // Until the buffer is full: only then does the kernel report free space again.
    while (pipe.held > 0) {
      const sent = reactor.calls.spliceOut(pipe, other.fd);
      if (sent <= 0) return sent || -ERRNO.EAGAIN;
      pipe.held -= sent;
    }
    this.#pipe = undefined;
    pipes.give(pipe);
    return 0;
  }

  #flushRest(other: Side): number {
    const { calls } = this.#context.reactor;
    while (this.#rest) {
      const piece = this.#rest.subarray(0, calls.buffer.length);
      calls.buffer.set(piece);
      const sent = calls.send(other.fd, piece.length);
      if (sent < 0) return sent;
      this.#rest = sent < this.#rest.length ? this.#rest.subarray(sent) : undefined;
    }
    return 0;
  }

  #waitForOther(): void {
    const { other } = this;
    if (!other || (other.#events & EPOLL.OUT) !== 0) return;
    other.#events |= EPOLL.OUT;
    if (other.tag !== 0) this.#context.reactor.change(other.fd, other.#events, other);
  }

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#isReadable = false;
    this.owner?.ended(this);
  }

  #breakOff(): void {
    const error = this.#context.reactor.calls.pendingError(this.fd);
    if (error !== 0) this.owner?.failed(this, -error);
  }

  #otherFailed(error: number): void {
    const { other } = this;
    if (!other) return;
    if (this.#isClient) this.owner?.blocked(other, error);
    else this.owner?.failed(other, error);
  }
}
