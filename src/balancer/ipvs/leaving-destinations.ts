import type { IpvsDestination, IpvsLoad, IpvsService, IpvsTable } from '../../linux/ipvs-table.js';

/**
 * Destinations that are no longer wanted. Their connections go on as long as they have some, with weight 0, until their
 * time is over.
 */
export class LeavingDestinations {
  /** By service and destination: when its time is over. */
  readonly #until = new Map<string, number>();
  readonly #over = new Set<string>();

  get size(): number {
    return this.#until.size;
  }

  /**
   * @param present what the kernel has
   * @param wanted what it is to have
   * @param until when the time of a destination of a service is over that leaves now
   * @returns what is wanted, and what leaves
   */
  join(present: IpvsTable, wanted: IpvsTable, until: (at: string) => number): IpvsTable {
    const joined = new Map(wanted);
    const leaving = new Set<string>();
    for (const [at, service] of present) {
      const known = wanted.get(at);
      const destinations = new Map<string, IpvsDestination>(known?.destinations);
      for (const [to, destination] of service.destinations) {
        const name = `${at} ${to}`;
        if (known?.destinations.has(to)) continue;
        if (!this.#until.has(name) && !this.#over.has(name)) this.#until.set(name, until(at));
        if (this.#over.has(name)) continue;
        leaving.add(name);
        destinations.set(to, { ...destination, weight: 0 });
      }
      if (known) joined.set(at, { ...known, destinations });
      else if (destinations.size > 0) joined.set(at, withoutPersistence({ ...service, destinations }));
    }
    for (const name of this.#until.keys()) if (!leaving.has(name)) this.#until.delete(name);
    return joined;
  }

  /**
   * Ends those without an open connection, and those whose time is over; the next {@link join} leaves them out.
   * @returns whether there are any
   */
  expire(loads: ReadonlyMap<string, IpvsLoad>, now: number): boolean {
    for (const [name, until] of this.#until) {
      if (until > now && (loads.get(name)?.active ?? 0) > 0) continue;
      this.#until.delete(name);
      this.#over.add(name);
    }
    return this.#over.size > 0;
  }

  /** What {@link join} left out is gone. */
  settle(): void {
    this.#over.clear();
  }

  clear(): void {
    this.#until.clear();
    this.#over.clear();
  }
}

/** A service without a task that is wanted takes no connection, so nothing is to be remembered of clients. */
function withoutPersistence({ scheduler, flags, destinations }: IpvsService): IpvsService {
  return { scheduler, ...(flags && { flags }), destinations };
}
