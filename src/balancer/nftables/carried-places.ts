import type { DeadTask, KernelService } from '../../linux/vip-kernel-table.js';
import { placeText } from '../desired/place-text.js';
import { updatesOf } from '../desired/places.js';
import type { VirtualService } from '../plane.js';
import type { Carriage, Carriages } from './carriage.js';
import { GoneTasks } from './gone-tasks.js';

/** What is carried at one place. */
export interface Carried {
  readonly service: VirtualService;
  readonly carriage: Carriage;
}

/** What was carried at a place, and what is. */
type Change = readonly [before: Carried | undefined, after: Carried | undefined];

/** Who carries what, place by place. A change costs as much as it is large, but for a comparison of lists. */
export class CarriedPlaces {
  readonly #gone: GoneTasks;
  #carried = new Map<string, Carried>();
  readonly #byKernel = new Map<string, KernelService>();
  /** undefined: all places may be others. */
  #changed: Set<string> | undefined;
  /** What was decided about, and by what; undefined: nothing is the kernel's. */
  #planned: readonly VirtualService[] = [];
  #plannedBy: Carriages | undefined;

  /** @param now monotonic milliseconds */
  constructor(now: () => number) {
    this.#gone = new GoneTasks(now);
  }

  /**
   * Decides.
   * @param carriages undefined: nothing is the kernel's
   * @returns whether tasks of a port for datagrams that the kernel carries have changed
   */
  plan(desired: readonly VirtualService[], carriages: Carriages | undefined): boolean {
    const updates = this.#plannedBy === carriages ? updatesOf(this.#planned, desired) : undefined;
    const changes = updates ? this.#update(updates, carriages) : this.#settle(desired, carriages);
    [this.#planned, this.#plannedBy] = [desired, carriages];
    let isUdp = false;
    for (const [before, after] of changes) {
      const [was, is] = [kernelServiceOf(before), kernelServiceOf(after)];
      this.#gone.update(was, is);
      this.#note(before, after);
      if ((was ?? is)?.protocol === 'udp') isUdp = true;
    }
    this.#gone.expire();
    return isUdp;
  }

  clear(): void {
    this.#carried = new Map();
    this.#byKernel.clear();
    this.#changed = undefined;
    [this.#planned, this.#plannedBy] = [[], undefined];
  }

  at(place: string): Carried | undefined {
    return this.#carried.get(place);
  }

  all(): Iterable<Carried> {
    return this.#carried.values();
  }

  /** What the kernel carries at a place. */
  serviceAt(place: string): VirtualService | undefined {
    return kernelServiceOf(this.#carried.get(place));
  }

  /** All that the kernel carries, by place; it changes with {@link plan}. */
  byKernel(): ReadonlyMap<string, KernelService> {
    return this.#byKernel;
  }

  /** The places of which {@link byKernel} tells something else than at the call before; undefined: any may be. */
  takeChanged(): ReadonlySet<string> | undefined {
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  /** Tasks to which open connections are reset. */
  get dead(): readonly DeadTask[] {
    return this.#gone.dead;
  }

  /** When {@link plan} is to be called again although nothing has changed, by the clock; Infinity: never. */
  get nextAt(): number {
    return this.#gone.nextAt;
  }

  /** Places and services are the same as before. */
  #update(updates: readonly VirtualService[], carriages: Carriages | undefined): readonly Change[] {
    const changes: Change[] = [];
    for (const service of updates) {
      const place = placeText(service);
      const before = this.#carried.get(place);
      if (!carriages || before?.service.service !== service.service) continue;
      const now = { service, carriage: carriages.of(service) };
      this.#carried.set(place, now);
      changes.push([before, now]);
    }
    return changes;
  }

  #note(before: Carried | undefined, after: Carried | undefined): void {
    const of = after ?? before;
    if (!of) return;
    const place = placeText(of.service);
    this.#changed?.add(place);
    if (after && 'service' in after.carriage) this.#byKernel.set(place, after.carriage.service);
    else this.#byKernel.delete(place);
  }

  #settle(desired: readonly VirtualService[], carriages: Carriages | undefined): readonly Change[] {
    const before = this.#carried;
    const isSame = this.#plannedBy === carriages;
    const carried = new Map<string, Carried>();
    for (const service of carriages ? desired : []) {
      const place = placeText(service);
      const other = carried.get(place);
      // As the proxy settles a dispute.
      if (other && other.service.service <= service.service) continue;
      const known = isSame ? before.get(place) : undefined;
      if (known?.service === service) carried.set(place, known);
      else if (carriages) carried.set(place, { service, carriage: carriages.of(service) });
    }
    this.#carried = carried;
    const places = [...new Set([...before.keys(), ...carried.keys()])];
    const changes = places.map((place): Change => [before.get(place), carried.get(place)]);
    return changes.filter(([old, now]) => old !== now);
  }
}

function kernelServiceOf(carried: Carried | undefined): VirtualService | undefined {
  return carried && 'service' in carried.carriage ? carried.service : undefined;
}
