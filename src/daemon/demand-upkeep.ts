import type { Demand } from '../catalog/demand.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { KeptService } from '../balancer/vip-keeper.js';
import { every, type Timers } from '../runtime/timers.js';
import type { Part } from './lifecycle.js';
import { noteLocalUseAgain } from './local-demand.js';

export interface DemandUpkeepOptions {
  readonly demand: Demand;
  readonly snapshot: () => Snapshot;
  /** The virtual IPs and what they have carried. */
  readonly services: () => Promise<Iterable<KeptService>>;
  /** Notes again what templates name. */
  readonly noteTemplates: () => void;
  readonly timers: Timers;
}

/** How often it looks what is in use without being asked for, in milliseconds. */
const LOOK_MS = 3_600_000;

/** What nothing has used for so long, in milliseconds, is not read any more. */
const UNUSED_MS = 24 * LOOK_MS;

/**
 * Makes sources that read only what is used stop reading what is not used any more. Before that it notes what is in use
 * although nothing asks for it: services of this host, names in templates, virtual IPs that carry traffic.
 */
export class DemandUpkeep implements Part {
  readonly name = 'what is used';
  readonly #options: DemandUpkeepOptions;
  /** Connections and datagrams that each port of a virtual IP had carried at the last look. */
  #totals = new Map<string, number>();
  #end: () => void = () => undefined;

  constructor(options: DemandUpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#end = every(this.#options.timers, LOOK_MS, () => void this.#look());
  }

  stop(): void {
    this.#end();
  }

  async #look(): Promise<void> {
    const { demand, snapshot, services, noteTemplates } = this.#options;
    if (!demand.matters) return;
    noteLocalUseAgain(demand, snapshot());
    noteTemplates();
    this.#noteTraffic(await services());
    demand.forget(UNUSED_MS);
  }

  #noteTraffic(services: Iterable<KeptService>): void {
    const { demand, snapshot } = this.#options;
    const totals = new Map<string, number>();
    for (const { service, counters } of services) {
      if (!counters) continue;
      const place = `${service.vip} ${service.port} ${service.protocol}`;
      totals.set(place, counters.total);
      const carries = counters.active > 0 || counters.total !== (this.#totals.get(place) ?? 0);
      const ref = carries ? snapshot().serviceByKey(service.service) : undefined;
      if (ref) void demand.use(ref, 'unlikely');
    }
    this.#totals = totals;
  }
}
