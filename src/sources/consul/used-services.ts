import type { Demand, Supplier } from '../../catalog/demand.js';
import type { ServiceRef } from '../../catalog/model.js';
import type { QueryTimers } from '../../consul/blocking-query.js';
import { ServiceDirectory } from './service-directory.js';

export interface UsedServicesOptions {
  readonly demand: Demand;
  readonly environment: string;
  /** The stack for services that Fairlead did not publish. */
  readonly stack: string;
  readonly timers: QueryTimers;
  /** Starts to watch names that are not watched yet. */
  readonly watch: (names: readonly string[]) => void;
  /** Whether the first answer about a name is still to come. */
  readonly isAwaited: (name: string) => boolean;
  /** Reads the list of services again, soon. */
  readonly readList: () => void;
  /** Whether Consul answers. While it is away, no query waits for it. */
  readonly isLive: () => boolean;
}

/** A client waits for so long at most, in milliseconds. A resolver asks again after a few seconds. */
const MAX_WAIT = 1000;
/** A list that is younger than this, in milliseconds, is not read again for a name that it does not have. */
const FRESH = 5000;
/** The most that wait. Further ones are answered with what is known. */
const MAX_WAITING = 1000;

/**
 * Which services are watched when only those in use are: what {@link Demand} has, as far as Consul's list of services
 * has it. A name that is not in the list is not watched, because Consul would end a blocking query for it at every
 * registration.
 */
export class UsedServices implements Supplier {
  readonly #options: UsedServicesOptions;
  /** What looks whether it still has to wait, and what ends the wait in any case. */
  readonly #waiting = new Map<() => void, () => void>();
  #directory = new ServiceDirectory();
  #readAt: number | undefined;
  #end: () => void = () => undefined;

  constructor(options: UsedServicesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#end = this.#options.demand.supply(this);
  }

  stop(): void {
    this.#end();
    for (const end of [...this.#waiting.values()]) end();
  }

  /** How many services Consul has. */
  get known(): number {
    return this.#directory.size;
  }

  has(name: string): boolean {
    return this.#directory.has(name);
  }

  /** Takes the list of services. */
  read(body: unknown): void {
    const { demand, watch, environment, stack } = this.#options;
    this.#directory = new ServiceDirectory(body);
    const { services, registered } = demand.used;
    const names = new Set<string>();
    for (const ref of services) {
      if (ref.environment !== environment) continue;
      for (const name of this.#directory.namesOf(ref, stack)) names.add(name);
    }
    for (const each of registered) for (const name of this.#directory.namesLike(each)) names.add(name);
    watch([...names]);
  }

  /** The list was confirmed, changed or not. */
  readNow(): void {
    this.#readAt = this.#options.timers.now();
  }

  use(ref: ServiceRef, isLikely: boolean): Promise<void> | undefined {
    const { environment, stack } = this.#options;
    if (ref.environment !== environment) return undefined;
    return this.#use(() => this.#directory.namesOf(ref, stack), isLikely);
  }

  useRegistered(name: string): Promise<void> | undefined {
    return this.#use(() => this.#directory.namesLike(name), true);
  }

  /** Something that was awaited has come, or has failed. */
  settled(): void {
    for (const look of [...this.#waiting.keys()]) look();
  }

  #use(find: () => readonly string[], mayAsk: boolean): Promise<void> | undefined {
    const { watch, isLive, readList } = this.#options;
    const names = find();
    watch(names);
    if (!isLive()) return undefined;
    if (names.length > 0) return this.#wait(() => this.#areThere(find()));
    if (!mayAsk || this.#isFresh()) return undefined;
    readList();
    return this.#wait(() => this.#isFresh() && this.#areThere(find()));
  }

  #areThere(names: readonly string[]): boolean {
    return !names.some((name) => this.#options.isAwaited(name));
  }

  #isFresh(): boolean {
    return this.#readAt !== undefined && this.#options.timers.now() - this.#readAt < FRESH;
  }

  #wait(isOver: () => boolean): Promise<void> | undefined {
    if (isOver() || this.#waiting.size >= MAX_WAITING) return undefined;
    const { timers, isLive } = this.#options;
    return new Promise((resolve) => {
      const end = () => {
        cancel();
        this.#waiting.delete(look);
        resolve();
      };
      const cancel = timers.after(MAX_WAIT, end);
      const look = () => {
        if (isOver() || !isLive()) end();
      };
      this.#waiting.set(look, end);
    });
  }
}
