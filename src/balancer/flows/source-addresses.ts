import type { Backend } from './backend.js';

/** After so long, in ms, an address that had no port left is tried again: each try looks through all its ports. */
const SPENT_MS = 1000;

interface Spent {
  readonly source: string | undefined;
  readonly until: number;
}

export interface SourceAddressesOptions {
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** Further addresses of this host that a task at this address can answer. */
  readonly spares: (address: string) => readonly string[];
}

/**
 * Which address of this host a connection to a task comes from. From each there are as many to one task as there are
 * ports (ip_local_port_range), those that were closed within the last minute included; then the next address goes on.
 */
export class SourceAddresses {
  readonly #options: SourceAddressesOptions;
  /** Those that had no port left a moment ago, or that a task did not answer. */
  readonly #spent = new Map<Backend, Spent[]>();

  constructor(options: SourceAddressesOptions) {
    this.#options = options;
  }

  /** @returns undefined: the one that the kernel chooses */
  first(backend: Backend): string | undefined {
    if (!this.#spent.has(backend)) return undefined;
    const spent = this.#stillSpent(backend);
    if (!spent.has(undefined)) return undefined;
    return this.#options.spares(backend.destination.address).find((each) => !spent.has(each));
  }

  /**
   * The next one to try when one had no port left.
   * @param until when that one is tried again, in ms; absent: soon
   * @returns undefined: there is no other
   */
  next(
    backend: Backend,
    source: string | undefined,
    until = this.#options.now() + SPENT_MS,
  ): string | undefined {
    const spent = this.#stillSpent(backend).add(source);
    const known = this.#spent.get(backend) ?? [];
    this.#spent.set(backend, [...known.filter((each) => each.source !== source), { source, until }]);
    return this.#options.spares(backend.destination.address).find((each) => !spent.has(each));
  }

  /** Of a backend that has left. */
  forget(backend: Backend): void {
    this.#spent.delete(backend);
  }

  #stillSpent(backend: Backend): Set<string | undefined> {
    const now = this.#options.now();
    const known = (this.#spent.get(backend) ?? []).filter(({ until }) => until > now);
    if (known.length > 0) this.#spent.set(backend, known);
    else this.#spent.delete(backend);
    return new Set(known.map(({ source }) => source));
  }
}
