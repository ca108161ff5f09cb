import type { ServiceKey, Snapshot } from '../catalog/index.js';
import type { VirtualService } from './data-plane.js';
import { desiredOf, type Desired } from './desired.js';

const NOTHING: Desired = { services: [], until: Infinity };

/**
 * All virtual services that a data plane is to carry, kept up with the catalog: a change costs what it touches, and not what there is.
 */
export class DesiredSet {
  readonly #byService = new Map<ServiceKey, readonly VirtualService[]>();
  /** When the weights of services with newcomers will be others. */
  readonly #growing = new Map<ServiceKey, number>();
  #networksRevision: number | undefined = undefined;
  #all: readonly VirtualService[] = [];

  /**
   * @param changed keys of services that are new, different or gone; `all`: any may be
   * @param now milliseconds since the epoch
   * @returns the same list as last time when nothing is different
   */
  update(snapshot: Snapshot, changed: Iterable<ServiceKey> | 'all', now: number): readonly VirtualService[] {
    const isAll = changed === 'all' || snapshot.networksRevision !== this.#networksRevision;
    this.#networksRevision = snapshot.networksRevision;
    const keys = new Set(isAll ? this.#everyKey(snapshot) : changed);
    for (const [key, until] of this.#growing) if (until <= now) keys.add(key);
    let isDifferent = false;
    for (const key of keys) isDifferent = this.#look(snapshot, key, now) || isDifferent;
    if (isDifferent) this.#all = this.#list();
    return this.#all;
  }

  /** When weights will be others although no service changed, in milliseconds since the epoch; Infinity: never. */
  get nextChange(): number {
    return Math.min(Infinity, ...this.#growing.values());
  }

  /** In a plain loop: it is as long as there are services, and `flat` takes ten times as long. */
  #list(): VirtualService[] {
    const all: VirtualService[] = [];
    for (const services of this.#byService.values()) for (const each of services) all.push(each);
    return all;
  }

  /** Those that there are, and those that there were. */
  *#everyKey(snapshot: Snapshot): Iterable<ServiceKey> {
    yield* this.#byService.keys();
    for (const { key } of snapshot.services()) yield key;
  }

  /** @returns whether it is different */
  #look(snapshot: Snapshot, key: ServiceKey, now: number): boolean {
    const service = snapshot.serviceByKey(key);
    const { services, until } = service ? desiredOf(snapshot, service, now) : NOTHING;
    if (until === Infinity) this.#growing.delete(key);
    else this.#growing.set(key, until);
    const before = this.#byService.get(key) ?? [];
    if (services.length === before.length && services.every((each, at) => each === before[at])) return false;
    if (services.length === 0) this.#byService.delete(key);
    else this.#byService.set(key, services);
    return true;
  }
}
