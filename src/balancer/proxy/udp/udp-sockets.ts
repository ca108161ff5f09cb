import type { FlowBudget } from '../../flows/flow-budget.js';
import type { UdpBackend } from './udp-backends.js';
import type { UdpBatch } from './udp-batch.js';
import { UdpUpstream, type UpstreamEvents } from './udp-upstream.js';

/** Makes, keeps and closes the sockets of one service to its tasks; each takes one descriptor of the plane's budget. */
export class UdpSockets {
  readonly #limits: FlowBudget;
  readonly #events: UpstreamEvents;
  readonly #batch: UdpBatch | undefined;

  constructor(limits: FlowBudget, events: UpstreamEvents, batch: UdpBatch | undefined) {
    this.#batch = batch;
    this.#limits = limits;
    this.#events = events;
  }

  /**
   * A socket to a task: one that rests, or a new one.
   * @param verified see {@link UdpRestingSockets.take}
   * @param makeRoom frees a descriptor; false: there is none to free
   * @returns undefined when there is no descriptor or port for one
   */
  take(
    backend: UdpBackend,
    verified: boolean,
    now: number,
    makeRoom: () => boolean,
  ): UdpUpstream | undefined {
    const resting = backend.resting.take(verified, now);
    if (resting) return resting;
    while (!this.#limits.take(1)) if (!makeRoom()) return undefined;
    const made = new UdpUpstream(backend, this.#events, this.#batch);
    return made.closed ? undefined : made;
  }

  /** Lets a socket rest for the next session, or closes it when there are enough. */
  rest(upstream: UdpUpstream, now: number): void {
    if (!upstream.backend.resting.put(upstream, now)) this.discard(upstream);
  }

  discard(upstream: UdpUpstream): void {
    if (upstream.closed) return;
    if (!upstream.session) upstream.backend.resting.remove(upstream);
    upstream.close();
    this.#limits.give(1);
  }

  /** @returns whether there was one that rested */
  discardResting(backends: Iterable<UdpBackend>): boolean {
    for (const { resting } of backends) {
      const oldest = resting.takeOldest();
      if (!oldest) continue;
      this.discard(oldest);
      return true;
    }
    return false;
  }

  discardAllResting(backends: Iterable<UdpBackend>): void {
    for (const { resting } of backends) for (const each of resting.takeAll()) this.discard(each);
  }

  /** @returns how many still rest */
  discardStale(backends: Iterable<UdpBackend>, now: number): number {
    let left = 0;
    for (const { resting } of backends) {
      for (const stale of resting.takeStale(now)) this.discard(stale);
      left += resting.size;
    }
    return left;
  }
}
