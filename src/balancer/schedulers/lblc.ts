import { isAvailable } from './available.js';
import { isOverloaded, leastLoaded } from './backend-load.js';
import { RecentMap } from './recent-map.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/** As in IPVS: 16,384 addresses, each forgotten after a day without use. */
export const LOCALITY = { max: 16_384, timeout: 86_400_000 } as const;

/**
 * Locality-based least connection (IPVS `lblc`): the called address keeps its destination as long as that is available
 * and not overloaded. Otherwise `wlc` picks a new one.
 */
export class LocalityLeastConnection implements Scheduler {
  #destinations: readonly Destination[] = [];
  #byId: ReadonlyMap<string, Destination> = new Map();
  readonly #served: RecentMap<string>;

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#served = new RecentMap({ ...LOCALITY, now });
  }

  update(destinations: readonly Destination[]): void {
    this.#destinations = destinations;
    this.#byId = new Map(destinations.map((destination) => [destination.id, destination]));
  }

  pick(flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    const known = this.#byId.get(this.#served.get(flow.vip) ?? '');
    if (isAvailable(known, exclude) && !isOverloaded(known, this.#destinations, exclude)) return known;
    const next = leastLoaded(this.#destinations, exclude);
    if (next !== undefined) this.#served.set(flow.vip, next.id);
    return next;
  }
}
