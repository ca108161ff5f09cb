import type { BackendCounters, PassiveSignal, VirtualService } from '../plane.js';
import type { Destination, Flow, Scheduler } from '../schedulers/scheduler.js';
import { Backend } from './backend.js';
import type { CreateScheduler } from './make-scheduler.js';

/** How an update changed backends that may have open flows. */
export interface BackendChanges {
  readonly gone: readonly Backend[];
  readonly draining: readonly Backend[];
  /** Backends that stopped draining. */
  readonly revived: readonly Backend[];
}

interface Context {
  readonly createScheduler: CreateScheduler;
  readonly onSignal: (signal: PassiveSignal) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
}

/**
 * How long a task that refused or reset a flow is tried only after all others, in ms, whether or not it has a check.
 */
const SHUN_MS = 3000;

/**
 * The backends of one virtual service and the scheduler that picks among them, for both TCP connections and UDP
 * sessions.
 */
export class Backends {
  readonly #context: Context;
  #scheduler: Scheduler;
  #scheduledBy: string;
  /** By id, in the service's order. */
  #present = new Map<string, Backend>();
  readonly #byDestination = new Map<Destination, Backend>();
  /** Removed backends with open flows. */
  readonly #leaving = new Set<Backend>();
  /** Ids of backends that failed recently, and until when others are tried first. */
  readonly #shunned = new Map<string, number>();
  readonly #now: () => number;
  /** Bytes carried by removed backends. */
  #leftIn = 0;
  #leftOut = 0;

  constructor(service: VirtualService, context: Context) {
    this.#context = context;
    this.#now = context.now ?? (() => performance.now());
    this.#scheduler = context.createScheduler(service);
    this.#scheduledBy = schedulerKey(service);
    this.update(service);
  }

  update(service: VirtualService): BackendChanges {
    const before = this.#present;
    const changes = { gone: [] as Backend[], draining: [] as Backend[], revived: [] as Backend[] };
    this.#present = new Map();
    for (const desired of service.backends) {
      const known = before.get(desired.id);
      if (!known?.isSame(desired)) {
        this.#present.set(desired.id, new Backend(desired));
        continue;
      }
      const drained = known.draining;
      known.update(desired);
      if (known.draining !== drained) (drained ? changes.revived : changes.draining).push(known);
      this.#present.set(desired.id, known);
    }
    for (const each of before.values())
      if (this.#present.get(each.desired.id) !== each) this.#leave(each, changes);
    this.#byDestination.clear();
    for (const each of this.#present.values()) this.#byDestination.set(each.destination, each);
    if (this.#scheduledBy !== schedulerKey(service)) {
      this.#scheduler = this.#context.createScheduler(service);
      this.#scheduledBy = schedulerKey(service);
    }
    this.#scheduler.update([...this.#present.values()].map(({ destination }) => destination));
    return changes;
  }

  /** The service's backends, in its order. */
  present(): Iterable<Backend> {
    return this.#present.values();
  }

  /** Chooses a backend for a new flow. */
  pick(flow: Flow, exclude?: ReadonlySet<string>): Backend | undefined {
    const shunned = this.#shunned.size === 0 ? undefined : this.#stillShunned(exclude);
    const destination =
      (shunned && this.#scheduler.pick(flow, shunned)) ?? this.#scheduler.pick(flow, exclude);
    return destination && this.#byDestination.get(destination);
  }

  /** @returns the backends to leave out as long as there are others; undefined when all may be tried */
  #stillShunned(exclude: ReadonlySet<string> | undefined): ReadonlySet<string> | undefined {
    const now = this.#now();
    for (const [id, until] of this.#shunned) if (until <= now) this.#shunned.delete(id);
    return this.#shunned.size === 0 ? undefined : new Set([...(exclude ?? []), ...this.#shunned.keys()]);
  }

  /** Counts an open flow. @param client its address */
  hold(backend: Backend, client: string): void {
    backend.destination.active++;
    this.#scheduler.opened?.(client, backend.destination);
  }

  /** Reverses {@link hold}. */
  release(backend: Backend, client: string): void {
    backend.destination.active--;
    this.#scheduler.closed?.(client, backend.destination);
    if (!backend.gone || backend.destination.active > 0 || !this.#leaving.delete(backend)) return;
    this.#forget(backend);
  }

  /**
   * Records a failed attempt, or a connection that failed before its first byte.
   * @param fault the task's fault, in the words of a passive signal; undefined if it is not to blame
   */
  fail(backend: Backend, fault: string | undefined): void {
    backend.errors++;
    if (fault === undefined) return;
    backend.failing = true;
    this.#shunned.set(backend.desired.id, this.#now() + SHUN_MS);
    this.#signal(backend, { ok: false, reason: fault });
  }

  /** Records a response. Health checks are notified only of the first response after a failure: in each thread by itself. */
  answered(backend: Backend): void {
    if (!backend.failing) return;
    backend.failing = false;
    this.#shunned.delete(backend.desired.id);
    this.#signal(backend, { ok: true });
  }

  /** First the service's backends, then removed ones with open flows. */
  counters(): readonly BackendCounters[] {
    const now = this.#now();
    return [...this.#present.values(), ...this.#leaving].map((each) => each.counters(now));
  }

  /** Bytes of all backends, including removed ones. */
  bytes(): { readonly bytesIn: number; readonly bytesOut: number } {
    let [bytesIn, bytesOut] = [this.#leftIn, this.#leftOut];
    for (const backend of [...this.#present.values(), ...this.#leaving]) {
      bytesIn += backend.bytesIn;
      bytesOut += backend.bytesOut;
    }
    return { bytesIn, bytesOut };
  }

  #leave(backend: Backend, changes: { readonly gone: Backend[] }): void {
    backend.gone = true;
    backend.destination.weight = 0;
    changes.gone.push(backend);
    if (backend.destination.active > 0) this.#leaving.add(backend);
    else this.#forget(backend);
  }

  #forget({ bytesIn, bytesOut }: Backend): void {
    this.#leftIn += bytesIn;
    this.#leftOut += bytesOut;
  }

  #signal(
    { desired: { id, address } }: Backend,
    outcome: { readonly ok: boolean; readonly reason?: string },
  ): void {
    this.#context.onSignal({ backend: id, address, ...outcome });
  }
}

function schedulerKey({ scheduler, affinity }: Pick<VirtualService, 'scheduler' | 'affinity'>): string {
  return `${scheduler}/${affinity?.timeout ?? ''}`;
}
