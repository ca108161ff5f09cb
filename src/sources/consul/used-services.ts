import type { Demand, Likelihood, Supplier, Used } from '../../catalog/demand.js';
import { serviceKey, type ServiceRef } from '../../catalog/model.js';
import type { QueryTimers } from '../../consul/blocking-query.js';
import { ExpectedServices } from './expected-services.js';
import { ServiceDirectory } from './service-directory.js';

export interface UsedServicesOptions {
  readonly demand: Demand;
  readonly environment: string;
  /** The stack for services that Fairlead did not publish. */
  readonly stack: string;
  readonly timers: QueryTimers;
  /** Starts to watch names that are not watched yet. */
  readonly watch: (names: readonly string[]) => void;
  readonly unwatch: (name: string) => void;
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
  readonly #expected: ExpectedServices;
  /** What looks whether it still has to wait, and what ends the wait in any case. */
  readonly #waiting = new Map<() => void, () => void>();
  /** Names that have not been used for long. While Consul is away, everything stays as it is. */
  readonly #idle = new Set<string>();
  #directory = new ServiceDirectory();
  #readAt: number | undefined;
  #end: () => void = () => undefined;

  constructor(options: UsedServicesOptions) {
    this.#options = options;
    const { timers, readList, isLive } = options;
    this.#expected = new ExpectedServices({
      ...{ timers, readList, isLive },
      readAt: () => this.#readAt ?? -Infinity,
      freshFor: () => this.#freshFor(),
    });
  }

  start(): void {
    this.#end = this.#options.demand.supply(this);
  }

  stop(): void {
    this.#end();
    this.#expected.stop();
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
    const { watch, demand } = this.#options;
    this.#directory = new ServiceDirectory(body);
    watch([...this.#namesFor(demand.used)]);
  }

  /** The names in the list that something used may mean. */
  #namesFor({ services, registered }: Used): Set<string> {
    const { environment, stack } = this.#options;
    const names = new Set<string>();
    for (const ref of services) {
      if (ref.environment !== environment) continue;
      for (const name of this.#directory.namesOf(ref, stack)) names.add(name);
    }
    for (const each of registered) for (const name of this.#directory.namesLike(each)) names.add(name);
    return names;
  }

  /**
   * Consul has no instance of a service any more, and its list does not have it. An agent that lost its state learns
   * of its services again.
   */
  vanished(name: string): void {
    this.#expected.expect(`name ${name}`, () => this.#directory.has(name));
  }

  /** The list was confirmed, changed or not. */
  readNow(): void {
    this.#readAt = this.#options.timers.now();
    this.#unwatchIdle();
  }

  use(ref: ServiceRef, likelihood: Likelihood): Promise<void> | undefined {
    const { environment, stack } = this.#options;
    if (ref.environment !== environment) return undefined;
    const find = () => this.#directory.namesOf(ref, stack);
    if (likelihood === 'expected')
      this.#expected.expect(`service ${serviceKey(ref)}`, () => find().length > 0);
    return this.#use(find, likelihood === 'likely');
  }

  useRegistered(name: string): Promise<void> | undefined {
    return this.#use(() => this.#directory.namesLike(name), true);
  }

  unused(forgotten: Used): void {
    for (const name of this.#namesFor(forgotten)) this.#idle.add(name);
    this.#unwatchIdle();
  }

  #unwatchIdle(): void {
    const { demand, unwatch, isLive } = this.#options;
    if (this.#idle.size === 0 || !isLive()) return;
    const inUse = this.#namesFor(demand.used);
    for (const name of this.#idle) if (!inUse.has(name)) unwatch(name);
    this.#idle.clear();
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
    return this.#freshFor() > 0;
  }

  /** Milliseconds. */
  #freshFor(): number {
    return this.#readAt === undefined ? 0 : this.#readAt + FRESH - this.#options.timers.now();
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
