import { serviceKey, type ServiceKey, type ServiceRef } from './model.js';

/**
 * How likely it is that a name is that of a service.
 * - `expected`: this host has the service or refers to it, but it may be registered only now. A source goes on looking
 *   for it for a while.
 * - `likely`: a client or a template asks for it.
 * - `unlikely`: the name is probably that of something else, so nothing is asked in order to find it.
 */
export type Likelihood = 'expected' | 'likely' | 'unlikely';

/** A source that reads only what is used. */
export interface Supplier {
  /**
   * Reads the tasks of a service from now on, if there are any.
   * @returns resolves soon, when the tasks are in the catalog or there is nothing to wait for; undefined: there is
   * nothing to wait for now
   */
  use(ref: ServiceRef, likelihood: Likelihood): Promise<void> | undefined;
  /** The same for a name in the registry, as templates write it. */
  useRegistered(name: string): Promise<void> | undefined;
  /** Called when services and names have not been used for a long time: they need not be read any more. */
  unused(forgotten: Used): void;
}

/** Things that are used. */
export interface Used {
  readonly services: Iterable<ServiceRef>;
  /** Names of a registry. */
  readonly registered: Iterable<string>;
}

/** The most services, and the most names, that are remembered. Clients can invent any number of names. */
const REMEMBERED = 5000;

/**
 * The services that something on this host uses: a client asks for their names, a template lists them, or a task of
 * this host is one of theirs. A registry may have thousands of services, of which a host uses a few.
 */
export class Demand {
  readonly #now: () => number;
  /** The one used last comes last. */
  readonly #services = new Map<ServiceKey, { readonly ref: ServiceRef; readonly at: number }>();
  /** When each name was used last. */
  readonly #registered = new Map<string, number>();
  readonly #suppliers = new Set<Supplier>();

  /** @param now monotonic milliseconds. With the default, nothing grows old. */
  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  /** Notes that a service is used. @returns as {@link Supplier.use} */
  use(ref: ServiceRef, likelihood: Likelihood = 'likely'): Promise<void> | undefined {
    const key = serviceKey(ref);
    this.#services.delete(key);
    this.#services.set(key, { ref, at: this.#now() });
    dropFirst(this.#services);
    return this.#each((supplier) => supplier.use(ref, likelihood));
  }

  /** Notes that a name of a registry is used. @returns as {@link Supplier.useRegistered} */
  useRegistered(name: string): Promise<void> | undefined {
    this.#registered.delete(name);
    this.#registered.set(name, this.#now());
    dropFirst(this.#registered);
    return this.#each((supplier) => supplier.useRegistered(name));
  }

  /** Forgets what was last used longer ago than so many milliseconds. */
  forget(age: number): void {
    const since = this.#now() - age;
    const services: ServiceRef[] = [];
    const registered: string[] = [];
    for (const [key, { ref, at }] of this.#services) {
      if (at >= since) continue;
      this.#services.delete(key);
      services.push(ref);
    }
    for (const [name, at] of this.#registered) {
      if (at >= since) continue;
      this.#registered.delete(name);
      registered.push(name);
    }
    if (services.length + registered.length === 0) return;
    for (const supplier of this.#suppliers) supplier.unused({ services, registered });
  }

  /** Whether any source reads only what is used. */
  get matters(): boolean {
    return this.#suppliers.size > 0;
  }

  /** What is used so far, the newest last. */
  get used(): Used {
    return {
      services: Array.from(this.#services.values(), ({ ref }) => ref),
      registered: this.#registered.keys(),
    };
  }

  /** @returns ends it */
  supply(supplier: Supplier): () => void {
    this.#suppliers.add(supplier);
    return () => this.#suppliers.delete(supplier);
  }

  #each(ask: (supplier: Supplier) => Promise<void> | undefined): Promise<void> | undefined {
    let all: Promise<void> | undefined;
    for (const supplier of this.#suppliers) {
      const one = ask(supplier);
      if (one) all = all ? Promise.all([all, one]).then(() => undefined) : one;
    }
    return all;
  }
}

function dropFirst(kept: Map<string, unknown>): void {
  if (kept.size <= REMEMBERED) return;
  const [first] = kept.keys();
  if (first !== undefined) kept.delete(first);
}
