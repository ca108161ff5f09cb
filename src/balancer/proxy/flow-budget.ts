import { readFileSync } from 'node:fs';

/** Bounds of a whole plane. */
export interface FlowLimits {
  /** Flows of all services together. */
  readonly flows: number;
  /** File descriptors that listeners and flows may use; the rest of the process lives on what is left. */
  readonly descriptors: number;
  /** Clients that may wait for room, each holding one descriptor of the reserve. */
  readonly waiting: number;
}

/** What to reckon with when the kernel does not tell. */
const USUAL_LIMIT = 1024;
const MIN_RESERVE = 64;
const MAX_RESERVE = 4096;

/** The most file descriptors that this process may have open (RLIMIT_NOFILE, soft; see getrlimit(2)). */
export function descriptorLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return soft === undefined ? Number.MAX_SAFE_INTEGER : Number(soft);
  } catch {
    return USUAL_LIMIT;
  }
}

/**
 * Limits that leave a reserve of file descriptors to DNS, the API, health checks and sources: an eighth, 64 at least.
 * @param flows the most at a time; absent: as many as there are descriptors for
 * @param descriptors all that the process may have, see {@link descriptorLimit}
 */
export function flowLimits(flows = Number.MAX_SAFE_INTEGER, descriptors = descriptorLimit()): FlowLimits {
  const reserve = Math.min(MAX_RESERVE, Math.max(MIN_RESERVE, Math.floor(descriptors / 8)));
  return { flows, descriptors: Math.max(0, descriptors - reserve), waiting: Math.floor(reserve / 4) };
}

/** Someone who waits for room. */
export interface Waiter {
  readonly descriptors: number;
  /** There is room now, and it is taken for this one already. */
  admit(): void;
}

/** Counts the flows of all frontends of a plane and the file descriptors that they hold. */
export class FlowBudget {
  readonly #limits: FlowLimits;
  readonly #onFull: () => void;
  readonly #waiters = new Set<Waiter>();
  #flows = 0;
  #descriptors = 0;

  /** @param onFull called whenever there was no room for a flow */
  constructor(limits: FlowLimits, onFull: () => void = () => undefined) {
    this.#limits = limits;
    this.#onFull = onFull;
  }

  get flows(): number {
    return this.#flows;
  }

  /** Those of flows and of listeners; not those of clients that wait. */
  get descriptors(): number {
    return this.#descriptors;
  }

  get limits(): FlowLimits {
    return this.#limits;
  }

  /**
   * Takes what one flow needs.
   * @param descriptors 2 for TCP, 1 for UDP
   * @returns false when there is no room; nothing is taken then
   */
  take(descriptors: number): boolean {
    if (this.#hasRoom(descriptors)) {
      this.#flows++;
      this.#descriptors += descriptors;
      return true;
    }
    this.#onFull();
    return false;
  }

  /** Gives back what one flow took, and admits who waits. */
  give(descriptors: number): void {
    this.#flows--;
    this.#descriptors -= descriptors;
    this.#admit();
  }

  /** Counts descriptors that are no flow's: a listener's. Negative when they are closed. */
  hold(descriptors: number): void {
    this.#descriptors += descriptors;
    this.#admit();
  }

  /** Queues up, first come first served. @returns false when the queue is full */
  wait(waiter: Waiter): boolean {
    if (this.#waiters.size >= this.#limits.waiting) return false;
    this.#waiters.add(waiter);
    return true;
  }

  /** Leaves the queue; harmless for one that is not in it. */
  leave(waiter: Waiter): void {
    this.#waiters.delete(waiter);
  }

  #hasRoom(descriptors: number): boolean {
    return this.#flows < this.#limits.flows && this.#descriptors + descriptors <= this.#limits.descriptors;
  }

  #admit(): void {
    for (const waiter of this.#waiters) {
      if (!this.#hasRoom(waiter.descriptors)) return;
      this.#flows++;
      this.#descriptors += waiter.descriptors;
      this.#waiters.delete(waiter);
      waiter.admit();
    }
  }
}
