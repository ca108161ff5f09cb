import type { SessionSocket } from './udp-session.js';

/** The most resting sockets per task. */
const MAX_RESTING = 512;
/** How long a reply to an earlier client may still arrive, in milliseconds. */
const QUARANTINE = 2000;
/** After this many milliseconds without use, a socket is more than the load needs. */
const MAX_REST = 10_000;
/** A socket is replaced after this many sessions, so that its port changes from time to time. */
const MAX_USES = 1024;

/**
 * Sockets to one task that rest between sessions, so that a query need not create one. Only sockets on which every
 * request was answered get here. If anything arrives on a resting socket, it cannot be trusted and is closed.
 */
export class UdpRestingSockets {
  /** The longest resting first. */
  readonly #sockets: SessionSocket[] = [];

  get size(): number {
    return this.#sockets.length;
  }

  /** @returns false when the caller must close the socket instead */
  put(upstream: SessionSocket, now: number): boolean {
    if (this.#sockets.length >= MAX_RESTING || upstream.uses >= MAX_USES) return false;
    upstream.restingSince = now;
    this.#sockets.push(upstream);
    return true;
  }

  /**
   * @param verified whether the new session can distinguish its own replies from those of an earlier session. If it
   * can, it gets the most recently used socket. Otherwise it only gets a socket on which nothing can still arrive
   */
  take(verified: boolean, now: number): SessionSocket | undefined {
    if (verified) return this.#sockets.pop();
    const oldest = this.#sockets[0];
    return oldest && now - oldest.restingSince >= QUARANTINE ? this.#sockets.shift() : undefined;
  }

  remove(upstream: SessionSocket): void {
    const at = this.#sockets.indexOf(upstream);
    if (at >= 0) this.#sockets.splice(at, 1);
  }

  /** Removes and returns sockets that rested for too long. */
  takeStale(now: number): readonly SessionSocket[] {
    const fresh = this.#sockets.findIndex((each) => now - each.restingSince < MAX_REST);
    return this.#sockets.splice(0, fresh < 0 ? this.#sockets.length : fresh);
  }

  /** Removes the socket that rested longest, when a file descriptor is needed elsewhere. */
  takeOldest(): SessionSocket | undefined {
    return this.#sockets.shift();
  }

  takeAll(): readonly SessionSocket[] {
    return this.#sockets.splice(0);
  }
}
