import { NftWriter, type NftWriterOptions } from '../../linux/nft-writer.js';
import type { NftPart, NftTable } from '../../linux/nft-table.js';
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
  readonly dead: readonly DeadTask[];
}

const NO_PART: NftPart = {};

/** The one table with the rules of the kernel's connections and of those that go to listeners. */
export class KernelTable {
  readonly writer: NftWriter;
  #listeners: Listeners | undefined;
  #state: KernelState | undefined;
  readonly #parts = new WeakMap<KernelService, NftPart>();
  #listenerPart = NO_PART;
  #kernelPart = NO_PART;
  #deadPart = NO_PART;

  constructor(options?: NftWriterOptions) {
    this.writer = new NftWriter(options);
  }

  get listeners(): Listeners | undefined {
    return this.#listeners;
  }

  set listeners(listeners: Listeners | undefined) {
    this.#listeners = listeners;
    this.#listenerPart = NO_PART;
    this.#kernelPart = NO_PART;
  }

  /** undefined: everything goes to listeners. */
  set state(state: KernelState | undefined) {
    const before = this.#state;
    if ((before === undefined) !== (state === undefined)) this.#listenerPart = NO_PART;
    if (before?.clients !== state?.clients) this.#kernelPart = NO_PART;
    if (before?.dead !== state?.dead) this.#deadPart = NO_PART;
    this.#state = state;
  }

  /** @throws Error with the reason of nft, in one line */
  async write(): Promise<void> {
    if (this.#listeners) await this.writer.write(this.#table(this.#listeners, this.#state));
  }

  #table({ pool, redirects, guard }: Listeners, state: KernelState | undefined): NftTable {
    const table = vipTable(pool);
    if (this.#listenerPart === NO_PART)
      this.#listenerPart = listenerPart(pool, redirects, guard, state !== undefined);
    const parts = new Map([['listeners', this.#listenerPart]]);
    if (!state) return { ...table, parts };
    if (this.#kernelPart === NO_PART) this.#kernelPart = kernelPart(table.family, pool, state.clients);
    if (this.#deadPart === NO_PART) this.#deadPart = deadPart(state.dead);
    parts.set('kernel', this.#kernelPart);
    parts.set('dead', this.#deadPart);
    for (const [place, service] of state.services) {
      let part = this.#parts.get(service);
      if (!part) this.#parts.set(service, (part = servicePart(table.family, service)));
      parts.set(place, part);
    }
    return { ...table, parts };
  }
}
