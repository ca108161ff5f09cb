import type { SessionSocket } from './udp-session.js';

/** Sockets to one task that may rest at a time. */
const MAX_RESTING = 512;
/** How long a reply to an earlier client may still come, milliseconds. */
const QUARANTINE = 2000;
/** Sockets that were not used for so long are more than the load needs, milliseconds. */
const MAX_REST = 10_000;
/** After so many sessions a socket is replaced, so that its port does not stay the same forever. */
const MAX_USES = 1024;

/**
 * Sockets to one task between sessions, so that a query need not make one. Only sockets on which every request was answered
 * come here; what arrives on one while it rests shows that it cannot be trusted, and it is closed.
 */
export class UdpRestingSockets {
  /** Longest resting first. */
  readonly #sockets: SessionSocket[] = [];

  get size(): number {
    return this.#sockets.length;
  }

  /** @returns false when the socket is to be closed instead */
  put(upstream: SessionSocket, now: number): boolean {
    if (this.#sockets.length >= MAX_RESTING || upstream.uses >= MAX_USES) return false;
    upstream.restingSince = now;
    this.#sockets.push(upstream);
    return true;
  }

  /**
   * @param verified whether the new session can distinguish its own replies from those of an earlier one. One that can gets the
   *   socket used last; one that cannot only gets a socket on which nothing can be under way any more
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

  /** Takes out those that rested for too long. */
  takeStale(now: number): readonly SessionSocket[] {
    const fresh = this.#sockets.findIndex((each) => now - each.restingSince < MAX_REST);
    return this.#sockets.splice(0, fresh < 0 ? this.#sockets.length : fresh);
  }

  /** The one that rested longest, when a file descriptor is needed elsewhere. */
  takeOldest(): SessionSocket | undefined {
    return this.#sockets.shift();
  }

  takeAll(): readonly SessionSocket[] {
    return this.#sockets.splice(0);
  }
}
