import type { ServiceKey } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import type { Instant } from '../../net/instant.js';
import type { VirtualService } from '../plane.js';
import { desiredOf, type Desired } from './desired-services.js';

const NOTHING: Desired = { services: [], until: Infinity };

/**
 * All virtual services that a data plane should carry, kept up to date with the catalog. The cost of a change is
 * proportional to its size, not to the number of services.
 */
export class DesiredSet {
  readonly #byService = new Map<ServiceKey, readonly VirtualService[]>();
  /** When the weights of services with newcomers will change next. */
  readonly #growing = new Map<ServiceKey, number>();
  #networksRevision: number | undefined = undefined;
  #all: readonly VirtualService[] = [];

  /**
   * @param changed keys of services that are new, different or gone; `all`: any may be
   * @returns the same list as last time when nothing is different
   */
  update(snapshot: Snapshot, changed: Iterable<ServiceKey> | 'all', now: Instant): readonly VirtualService[] {
    const isAll = changed === 'all' || snapshot.networksRevision !== this.#networksRevision;
    this.#networksRevision = snapshot.networksRevision;
    const keys = new Set(isAll ? this.#everyKey(snapshot) : changed);
    for (const [key, until] of this.#growing) if (until <= now.now) keys.add(key);
    let all: VirtualService[] | undefined;
    let isMoved = false;
    for (const key of keys) {
      const { before, after } = this.#look(snapshot, key, now);
      if (before === after) continue;
      isMoved ||= before.length !== after.length;
      all ??= [...this.#all];
      if (!isMoved) for (const [at, each] of before.entries()) all[all.indexOf(each)] = after[at] ?? each;
    }
    if (isMoved) all = [...this.#byService.values()].flat();
    if (all) this.#all = all;
    return this.#all;
  }

  /** When weights will be others although no service changed, by the clock that only grows; Infinity: never. */
  get nextChange(): number {
    return Math.min(Infinity, ...this.#growing.values());
  }

  /** The keys of present and previous services. */
  *#everyKey(snapshot: Snapshot): Iterable<ServiceKey> {
    yield* this.#byService.keys();
    for (const { key } of snapshot.services()) yield key;
  }

  /** Compares the previous and the new entries of a service. Returns the same list when nothing changed. */
  #look(
    snapshot: Snapshot,
    key: ServiceKey,
    now: Instant,
  ): Record<'before' | 'after', readonly VirtualService[]> {
    const service = snapshot.serviceByKey(key);
    const { services, until } = service ? desiredOf(snapshot, service, now) : NOTHING;
    if (until === Infinity) this.#growing.delete(key);
    else this.#growing.set(key, until);
    const before = this.#byService.get(key) ?? NOTHING.services;
    const isSame = services.length === before.length && services.every((each, at) => each === before[at]);
    if (isSame) return { before, after: before };
    if (services.length === 0) this.#byService.delete(key);
    else this.#byService.set(key, services);
    return { before, after: services };
  }
}
