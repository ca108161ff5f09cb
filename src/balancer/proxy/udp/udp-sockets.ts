import type { FlowBudget } from '../../flows/flow-budget.js';
import type { Backend } from '../../flows/backend.js';
import type { UdpBatch } from './udp-batch.js';
import { UdpRestingSockets } from './udp-resting-sockets.js';
import type { UdpSession, SessionSocket } from './udp-session.js';
import { UdpUpstream, type UpstreamEvents } from './udp-upstream.js';

/** Creates, keeps and closes one service's sockets to its tasks. Each takes one descriptor of the plane's budget. */
export class UdpSockets {
  readonly #limits: FlowBudget;
  readonly #events: UpstreamEvents<UdpSession>;
  readonly #batch: UdpBatch | undefined;
  /** Sockets that rest between sessions. Only when replies are counted. */
  readonly #resting = new Map<Backend, UdpRestingSockets>();

  constructor(limits: FlowBudget, events: UpstreamEvents<UdpSession>, batch: UdpBatch | undefined) {
    this.#batch = batch;
    this.#limits = limits;
    this.#events = events;
  }

  /**
   * A resting or a new socket to a task.
   * @param verified see {@link UdpRestingSockets.take}
   * @param makeRoom frees a descriptor; false if there is none to free
   * @returns undefined when there is no descriptor or port for one
   */
  take(backend: Backend, verified: boolean, now: number, makeRoom: () => boolean): SessionSocket | undefined {
    const resting = this.#resting.get(backend)?.take(verified, now);
    if (resting) return resting;
    while (!this.#limits.take(1)) if (!makeRoom()) return undefined;
    const made = new UdpUpstream<UdpSession>(backend, this.#events, this.#batch);
    return made.closed ? undefined : made;
  }

  /** Keeps a socket for the next session, or closes it when there are enough. */
  rest(upstream: SessionSocket, now: number): void {
    const { backend } = upstream;
    let resting = this.#resting.get(backend);
    if (!resting) this.#resting.set(backend, (resting = new UdpRestingSockets()));
    if (!resting.put(upstream, now)) this.discard(upstream);
  }

  discard(upstream: SessionSocket): void {
    if (upstream.closed) return;
    if (!upstream.session) this.#resting.get(upstream.backend)?.remove(upstream);
    upstream.close();
    this.#limits.give(1);
  }

  /** @returns whether there was a resting socket */
  discardResting(): boolean {
    for (const resting of this.#resting.values()) {
      const oldest = resting.takeOldest();
      if (!oldest) continue;
      this.discard(oldest);
      return true;
    }
    return false;
  }

  /** Discards the resting sockets of removed backends. */
  forget(backends: Iterable<Backend>): void {
    for (const backend of backends) {
      for (const each of this.#resting.get(backend)?.takeAll() ?? []) this.discard(each);
      this.#resting.delete(backend);
    }
  }

  discardAllResting(): void {
    this.forget([...this.#resting.keys()]);
  }

  /** @returns how many still rest */
  discardStale(now: number): number {
    let left = 0;
    for (const resting of this.#resting.values()) {
      for (const stale of resting.takeStale(now)) this.discard(stale);
      left += resting.size;
    }
    return left;
  }
}
