import type { DesiredBackend, BackendCounters } from '../../plane.js';
import type { Destination } from '../../schedulers/scheduler.js';
import type { HostPort } from '../../../net/ip.js';
import { UdpRestingSockets } from './udp-resting-sockets.js';

/** One task of one UDP service, with what it has carried. */
export class UdpBackend {
  readonly id: string;
  readonly address: HostPort;
  name: string;
  /** What the scheduler sees. */
  readonly destination: Destination;
  /** Sockets that rest between sessions; reply-count mode only. */
  readonly resting = new UdpRestingSockets();
  state: DesiredBackend['state'];
  weight: number;
  /** When sessions of a draining task are ended. */
  drainAt = Infinity;
  /** False once the task is gone: what still goes on for it is on its way out. */
  current = true;
  /** It refused, and has not answered since. */
  suspect = false;
  total = 0;
  bytesIn = 0;
  bytesOut = 0;
  errors = 0;

  constructor(backend: DesiredBackend) {
    this.id = backend.id;
    this.address = backend.address;
    this.name = backend.name;
    this.state = backend.state;
    this.weight = backend.weight;
    this.destination = {
      id: backend.id,
      address: backend.address.ip,
      port: backend.address.port,
      weight: 0,
      active: 0,
      inactive: 0,
      upper: 0,
    };
  }

  /** @param drainAt when a task that begins to drain now has to be done */
  update(backend: DesiredBackend, drainAt: number): void {
    const { destination } = this;
    this.name = backend.name;
    this.weight = backend.weight;
    if (backend.state === 'active') this.drainAt = Infinity;
    else if (this.drainAt === Infinity) this.drainAt = drainAt;
    this.state = backend.state;
    destination.weight = backend.state === 'active' ? backend.weight : 0;
    destination.upper = backend.maxConnections ?? 0;
  }

  counters(): BackendCounters {
    const { id, name, address, weight, state, total, bytesIn, bytesOut, errors } = this;
    const { active } = this.destination;
    return { id, name, address, weight, state, active, total, bytesIn, bytesOut, errors };
  }
}

/** The tasks of one service, in the order of the service. */
export class UdpBackends {
  #byId = new Map<string, UdpBackend>();

  /**
   * Takes the tasks that there are now. One that has another address is another one.
   * @returns those that are gone
   */
  update(backends: readonly DesiredBackend[], drainAt: number): readonly UdpBackend[] {
    const before = this.#byId;
    this.#byId = new Map();
    for (const backend of backends) {
      const known = before.get(backend.id);
      const same = known?.address.ip === backend.address.ip && known.address.port === backend.address.port;
      const kept = known && same ? known : new UdpBackend(backend);
      kept.update(backend, drainAt);
      this.#byId.set(backend.id, kept);
    }
    const gone = [...before.values()].filter((each) => this.#byId.get(each.id) !== each);
    for (const each of gone) each.current = false;
    return gone;
  }

  get(id: string): UdpBackend | undefined {
    return this.#byId.get(id);
  }

  all(): Iterable<UdpBackend> {
    return this.#byId.values();
  }

  destinations(): readonly Destination[] {
    return Array.from(this.#byId.values(), ({ destination }) => destination);
  }

  counters(): readonly BackendCounters[] {
    return Array.from(this.#byId.values(), (each) => each.counters());
  }
}
