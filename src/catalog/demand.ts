import { serviceKey, type ServiceKey, type ServiceRef } from './model.js';

/** A source that reads only what is used. */
export interface Supplier {
  /**
   * Reads the tasks of a service from now on, if there are any.
   * @param isLikely false: the name is probably that of something else, so nothing is asked in order to find it
   * @returns resolves soon, when the tasks are in the catalog or there is nothing to wait for; undefined: there is
   * nothing to wait for now
   */
  use(ref: ServiceRef, isLikely: boolean): Promise<void> | undefined;
  /** The same for a name in the registry, as templates write it. */
  useRegistered(name: string): Promise<void> | undefined;
}

/** The most services, and the most names, that are remembered. Clients can invent any number of names. */
const REMEMBERED = 5000;

/**
 * The services that something on this host uses: a client asks for their names, a template lists them, or a task of
 * this host is one of theirs. A registry may have thousands of services, of which a host uses a few.
 */
export class Demand {
  /** The one used last comes last. */
  readonly #services = new Map<ServiceKey, ServiceRef>();
  readonly #registered = new Set<string>();
  readonly #suppliers = new Set<Supplier>();

  /** Notes that a service is used. @returns as {@link Supplier.use} */
  use(ref: ServiceRef, isLikely = true): Promise<void> | undefined {
    const key = serviceKey(ref);
    this.#services.delete(key);
    this.#services.set(key, ref);
    dropFirst(this.#services);
    return this.#each((supplier) => supplier.use(ref, isLikely));
  }

  /** Notes that a name of a registry is used. @returns as {@link Supplier.useRegistered} */
  useRegistered(name: string): Promise<void> | undefined {
    this.#registered.delete(name);
    this.#registered.add(name);
    dropFirst(this.#registered);
    return this.#each((supplier) => supplier.useRegistered(name));
  }

  /** Whether any source reads only what is used. */
  get matters(): boolean {
    return this.#suppliers.size > 0;
  }

  /** What is used so far, the newest last. */
  get used(): { readonly services: Iterable<ServiceRef>; readonly registered: Iterable<string> } {
    return { services: this.#services.values(), registered: this.#registered };
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

function dropFirst(kept: Map<string, unknown> | Set<string>): void {
  if (kept.size <= REMEMBERED) return;
  const [first] = kept.keys();
  if (first !== undefined) kept.delete(first);
}
