import { NftWriter, type NftWriterOptions } from '../../linux/nft-writer.js';
import type { NftDifference, NftPart } from '../../linux/nft-table.js';
import {
  deadPart,
  kernelPart,
  servicePart,
  type DeadTask,
  type KernelClients,
  type KernelService,
} from '../../linux/vip-kernel-table.js';
import { listenerPart, vipTable, type Redirect, type VipGuard } from '../../linux/vip-listener-table.js';

/** Where connections are led that the kernel does not carry. */
export interface Listeners {
  readonly pool: string;
  readonly redirects: readonly Redirect[];
  readonly guard?: VipGuard;
}

/** What the kernel carries. */
export interface KernelState {
  readonly clients: KernelClients;
  /** By place. The same value means the same rules. */
  readonly services: ReadonlyMap<string, KernelService>;
  /** The places that differ from the state before; undefined: any may. */
  readonly changed?: ReadonlySet<string>;
  readonly dead: readonly DeadTask[];
}

const NO_PART: NftPart = {};

/** The one table with the rules of the kernel's connections and of those that go to listeners. */
export class KernelTable {
  readonly writer: NftWriter;
  #listeners: Listeners | undefined;
  #pool: string | undefined;
  #state: KernelState | undefined;
  readonly #partOf = new WeakMap<KernelService, NftPart>();
  /** The table as it is to be. */
  readonly #parts = new Map<string, NftPart>();
  /** The parts that have changed since the last write, as they were; undefined: there was none. */
  readonly #before = new Map<string, NftPart | undefined>();
  /** The services to look at; undefined: all. */
  #due: Set<string> | undefined;
  #listenerPart = NO_PART;
  #kernelPart = NO_PART;
  #deadPart = NO_PART;

  readonly #make: typeof servicePart;

  constructor(options?: NftWriterOptions, partOf = servicePart) {
    this.#make = partOf;
    this.writer = new NftWriter(options);
  }

  get listeners(): Listeners | undefined {
    return this.#listeners;
  }

  set listeners(listeners: Listeners | undefined) {
    this.#listeners = listeners;
    this.#listenerPart = NO_PART;
    this.#kernelPart = NO_PART;
    if (listeners?.pool !== this.#pool) this.#due = undefined;
    this.#pool = listeners?.pool;
  }

  /** undefined: everything goes to listeners. */
  set state(state: KernelState | undefined) {
    const before = this.#state;
    if ((before === undefined) !== (state === undefined)) this.#listenerPart = NO_PART;
    if (before?.clients !== state?.clients) this.#kernelPart = NO_PART;
    if (before?.dead !== state?.dead) this.#deadPart = NO_PART;
    if (!before || !state?.changed) this.#due = undefined;
    else for (const place of state.changed) this.#due?.add(place);
    this.#state = state;
  }

  /** @throws Error with the reason of nft, in one line */
  async write(): Promise<void> {
    const listeners = this.#listeners;
    if (!listeners) return;
    this.#settle(listeners, this.#state);
    const difference = this.#difference();
    this.#before.clear();
    await this.writer.write({ ...vipTable(listeners.pool), parts: this.#parts }, difference);
  }

  #settle({ pool, redirects, guard }: Listeners, state: KernelState | undefined): void {
    const { family } = vipTable(pool);
    if (this.#listenerPart === NO_PART)
      this.#listenerPart = listenerPart(pool, redirects, guard, state !== undefined);
    this.#put('listeners', this.#listenerPart);
    if (state && this.#kernelPart === NO_PART) this.#kernelPart = kernelPart(family, pool, state.clients);
    if (state && this.#deadPart === NO_PART) this.#deadPart = deadPart(family, state.dead);
    this.#put('kernel', state && this.#kernelPart);
    this.#put('dead', state && this.#deadPart);
    const services: KernelState['services'] = state?.services ?? new Map<string, KernelService>();
    for (const place of this.#due ?? services.keys()) {
      const service = services.get(place);
      let part = service && this.#partOf.get(service);
      if (service && !part) this.#partOf.set(service, (part = this.#make(family, service)));
      this.#put(place, part);
    }
    if (!this.#due)
      for (const name of this.#parts.keys())
        if (!services.has(name) && !SHARED.includes(name)) this.#put(name, undefined);
    this.#due = new Set();
  }

  #put(name: string, part: NftPart | undefined): void {
    const old = this.#parts.get(name);
    if (old === part) return;
    if (!this.#before.has(name)) this.#before.set(name, old);
    if (part) this.#parts.set(name, part);
    else this.#parts.delete(name);
  }

  #difference(): NftDifference {
    const isPart = (part: NftPart | undefined): part is NftPart => part !== undefined;
    const changed = [...this.#before].filter(([name, part]) => this.#parts.get(name) !== part);
    return {
      gone: changed.map(([, part]) => part).filter(isPart),
      come: changed.map(([name]) => this.#parts.get(name)).filter(isPart),
    };
  }
}

/** Names of the parts that do not belong to a service. */
const SHARED: readonly string[] = ['listeners', 'kernel', 'dead'];
