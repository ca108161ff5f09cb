import type { DesiredBackend, BackendCounters, PassiveSignal, VirtualService } from '../plane.js';
import type { Destination, Flow, Scheduler } from '../schedulers/scheduler.js';
import type { FrontendContext } from '../proxy/frontend.js';

/** One task as one virtual service sees it, with what it has carried. */
export class TcpBackend {
  readonly destination: Destination;
  /** As told last. */
  told: DesiredBackend;
  /** No longer among those of the service. */
  gone = false;
  total = 0;
  bytesIn = 0;
  bytesOut = 0;
  errors = 0;
  /** Its last flow went wrong: the next that goes well is news. */
  failing = false;

  constructor(told: DesiredBackend) {
    this.told = told;
    const { ip, port } = told.address;
    this.destination = { id: told.id, address: ip, port, weight: 0, active: 0, inactive: 0, upper: 0 };
    this.tell(told);
  }

  tell(told: DesiredBackend): void {
    this.told = told;
    this.destination.weight = told.state === 'active' ? told.weight : 0;
    this.destination.upper = told.maxConnections ?? 0;
  }

  get draining(): boolean {
    return this.gone || this.told.state === 'draining';
  }

  isSame(other: DesiredBackend): boolean {
    return this.told.address.ip === other.address.ip && this.told.address.port === other.address.port;
  }

  counters(): BackendCounters {
    const { id, name, address, weight } = this.told;
    return {
      id,
      name,
      address,
      weight,
      state: this.draining ? 'draining' : 'active',
      active: this.destination.active,
      total: this.total,
      bytesIn: this.bytesIn,
      bytesOut: this.bytesOut,
      errors: this.errors,
    };
  }
}

/** What an update has done to backends that may have open flows. */
export interface BackendChanges {
  readonly gone: readonly TcpBackend[];
  readonly draining: readonly TcpBackend[];
  /** They drained, and do not any more. */
  readonly revived: readonly TcpBackend[];
}

/** The backends of one virtual service and the scheduler that picks among them. */
export class TcpBackends {
  readonly #context: Pick<FrontendContext, 'createScheduler' | 'onSignal'>;
  #scheduler: Scheduler;
  #scheduledBy: string;
  /** By id, in the service's order. */
  #present = new Map<string, TcpBackend>();
  readonly #byDestination = new Map<Destination, TcpBackend>();
  /** Gone, with flows that are still open. */
  readonly #leaving = new Set<TcpBackend>();
  /** What the backends that have left carried. */
  #leftIn = 0;
  #leftOut = 0;

  constructor(service: VirtualService, context: Pick<FrontendContext, 'createScheduler' | 'onSignal'>) {
    this.#context = context;
    this.#scheduler = context.createScheduler(service);
    this.#scheduledBy = schedulerKey(service);
    this.update(service);
  }

  update(service: VirtualService): BackendChanges {
    const before = this.#present;
    const changes = { gone: [] as TcpBackend[], draining: [] as TcpBackend[], revived: [] as TcpBackend[] };
    this.#present = new Map();
    for (const told of service.backends) {
      const known = before.get(told.id);
      if (!known?.isSame(told)) {
        this.#present.set(told.id, new TcpBackend(told));
        continue;
      }
      const drained = known.draining;
      known.tell(told);
      if (known.draining !== drained) (drained ? changes.revived : changes.draining).push(known);
      this.#present.set(told.id, known);
    }
    for (const each of before.values())
      if (this.#present.get(each.told.id) !== each) this.#leave(each, changes);
    this.#byDestination.clear();
    for (const each of this.#present.values()) this.#byDestination.set(each.destination, each);
    if (this.#scheduledBy !== schedulerKey(service)) {
      this.#scheduler = this.#context.createScheduler(service);
      this.#scheduledBy = schedulerKey(service);
    }
    this.#scheduler.update([...this.#present.values()].map(({ destination }) => destination));
    return changes;
  }

  /** Chooses, and counts the flow as open: {@link release} takes that back. */
  pick(flow: Flow, exclude?: ReadonlySet<string>): TcpBackend | undefined {
    const destination = this.#scheduler.pick(flow, exclude);
    const backend = destination && this.#byDestination.get(destination);
    if (backend) backend.destination.active++;
    return backend;
  }

  release(backend: TcpBackend): void {
    backend.destination.active--;
    if (!backend.gone || backend.destination.active > 0 || !this.#leaving.delete(backend)) return;
    this.#leftIn += backend.bytesIn;
    this.#leftOut += backend.bytesOut;
  }

  /** An attempt, or a connection before its first octet, went wrong. @param fault of the task; absent: it has none */
  fail(backend: TcpBackend, fault: string | undefined): void {
    backend.errors++;
    if (fault === undefined) return;
    backend.failing = true;
    this.#signal(backend, false, fault);
  }

  /** The backend has answered something. It is told to health checks after a failure only: the rest is no news. */
  answered(backend: TcpBackend): void {
    if (!backend.failing) return;
    backend.failing = false;
    this.#signal(backend, true);
  }

  /** Those of the service first, then those that are gone and have open flows. */
  counters(): readonly BackendCounters[] {
    return [...this.#present.values(), ...this.#leaving].map((each) => each.counters());
  }

  /** Octets of all backends, of those too that have left. */
  bytes(): { readonly bytesIn: number; readonly bytesOut: number } {
    let [bytesIn, bytesOut] = [this.#leftIn, this.#leftOut];
    for (const backend of [...this.#present.values(), ...this.#leaving]) {
      bytesIn += backend.bytesIn;
      bytesOut += backend.bytesOut;
    }
    return { bytesIn, bytesOut };
  }

  #leave(backend: TcpBackend, changes: { readonly gone: TcpBackend[] }): void {
    backend.gone = true;
    backend.destination.weight = 0;
    if (backend.destination.active > 0) {
      this.#leaving.add(backend);
      changes.gone.push(backend);
    } else {
      this.#leftIn += backend.bytesIn;
      this.#leftOut += backend.bytesOut;
    }
  }

  #signal(backend: TcpBackend, ok: boolean, reason?: string): void {
    const signal: PassiveSignal = {
      backend: backend.told.id,
      address: backend.told.address,
      ok,
      ...(reason !== undefined && { reason }),
    };
    this.#context.onSignal(signal);
  }
}

function schedulerKey({ scheduler, affinity }: Pick<VirtualService, 'scheduler' | 'affinity'>): string {
  return `${scheduler}/${affinity?.timeout ?? ''}`;
}
