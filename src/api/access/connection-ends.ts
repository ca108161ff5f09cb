import type { Socket } from 'node:net';
import type { Timers } from '../../runtime/timers.js';

/** The longest delay of a timer in Node, in milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** Connections of clients that are known by a token: they end with it, also in the middle of a stream. */
export class ConnectionEnds {
  readonly #timers: Pick<Timers, 'after'>;
  readonly #open = new Map<string, Set<Socket>>();

  constructor(timers: Pick<Timers, 'after'>) {
    this.#timers = timers;
  }

  /**
   * @param key what the connection depends on: the id of a token or a session
   * @param ms milliseconds until the connection ends in any case; undefined: it need not
   */
  hold(key: string, socket: Socket, ms: number | undefined): void {
    const held = this.#open.get(key) ?? new Set();
    if (held.has(socket) || socket.destroyed) return;
    this.#open.set(key, held.add(socket));
    const cancel =
      ms === undefined ? undefined : this.#timers.after(Math.min(ms, LONGEST_MS), () => socket.destroy());
    socket.once('close', () => {
      cancel?.();
      held.delete(socket);
      if (held.size === 0 && this.#open.get(key) === held) this.#open.delete(key);
    });
  }

  /** @param except the connection on which the answer goes out */
  end(key: string, except?: Socket): void {
    for (const socket of this.#open.get(key) ?? []) if (socket !== except) socket.destroy();
  }
}
