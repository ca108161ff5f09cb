import { LOCALITY } from './lblc.js';
import { isOverloaded, leastLoaded, overhead } from './backend-load.js';
import { RecentMap } from './recent-map.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

/** How long a set must be unchanged before it shrinks, in milliseconds (IPVS `lblcr_expiration`). */
const SHRINK_AFTER = 86_400_000;

interface ServerSet {
  /** Ids. */
  readonly members: Set<string>;
  changedAt: number;
}

/**
 * Locality-based least connection with replication (IPVS `lblcr`): each called address has a set of destinations, of
 * which the least loaded is picked. If that one is overloaded, the least loaded of all destinations joins the set. A
 * set that was unchanged for a day loses its most loaded member.
 */
export class ReplicatedLocalityLeastConnection implements Scheduler {
  #destinations: readonly Destination[] = [];
  readonly #now: () => number;
  readonly #sets: RecentMap<ServerSet>;

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#now = now;
    this.#sets = new RecentMap({ ...LOCALITY, now });
  }

  update(destinations: readonly Destination[]): void {
    this.#destinations = destinations;
  }

  pick(flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    const set = this.#sets.get(flow.vip);
    if (set !== undefined) {
      this.#shrink(set);
      const known = leastLoaded(this.#destinations, exclude, set.members);
      if (known !== undefined && !isOverloaded(known, this.#destinations, exclude)) return known;
    }
    const next = leastLoaded(this.#destinations, exclude);
    if (next !== undefined) this.#join(flow.vip, set, next);
    return next;
  }

  #join(vip: string, set: ServerSet | undefined, { id }: Destination): void {
    if (set === undefined) {
      this.#sets.set(vip, { members: new Set([id]), changedAt: this.#now() });
    } else if (!set.members.has(id)) {
      for (const member of set.members) {
        if (!this.#destinations.some((destination) => destination.id === member)) set.members.delete(member);
      }
      set.members.add(id);
      set.changedAt = this.#now();
    }
  }

  #shrink(set: ServerSet): void {
    if (set.members.size < 2 || this.#now() - set.changedAt <= SHRINK_AFTER) return;
    let most: Destination | undefined;
    let present = 0;
    for (const destination of this.#destinations) {
      if (destination.weight <= 0 || !set.members.has(destination.id)) continue;
      present += 1;
      if (most === undefined || overhead(destination) * most.weight > overhead(most) * destination.weight) {
        most = destination;
      }
    }
    if (most === undefined || present < 2) return;
    set.members.delete(most.id);
    set.changedAt = this.#now();
  }
}
