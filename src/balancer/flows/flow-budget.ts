import { readFileSync } from 'node:fs';

/** Limits of a whole plane. */
export interface FlowLimits {
  /** Flows of all services together. */
  readonly flows: number;
  /** File descriptors for listeners and flows. The rest of the process uses the remaining ones. */
  readonly descriptors: number;
  /** How many clients may wait for free capacity. Each holds one descriptor of the reserve. */
  readonly waiting: number;
}

/** What to do when file descriptors are short. */
export const RAISE_LIMIT =
  'raise the limit (LimitNOFILE= in the systemd unit, --ulimit nofile= for docker run)';

/** What to reckon with when the kernel does not say. */
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
 * Limits that reserve file descriptors for DNS, the API, health checks and sources: an eighth, at least 64.
 * @param flows the most at a time; by default as many as there are descriptors for
 * @param descriptors the limit of the process, see {@link descriptorLimit}
 */
export function flowLimits(flows = Number.MAX_SAFE_INTEGER, descriptors = descriptorLimit()): FlowLimits {
  const reserve = Math.min(MAX_RESERVE, Math.max(MIN_RESERVE, Math.floor(descriptors / 8)));
  return { flows, descriptors: Math.max(0, descriptors - reserve), waiting: Math.floor(reserve / 4) };
}

/** A client that waits for free capacity. */
export interface Waiter {
  readonly descriptors: number;
  /** Called when capacity is free. It has already been taken for this client. */
  admit(): void;
}

/** Layout of a budget's memory, in words: first the totals of all threads, then the counts of each thread. */
const COUNTS = { flows: 0, descriptors: 1, waiting: 2, size: 4 } as const;
/** The most threads that may share a budget. */
const MAX_THREADS = 65;

/** Creates the memory with which threads share one {@link FlowBudget}. */
export function flowBudgetMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((1 + MAX_THREADS) * COUNTS.size * 4);
}

export interface FlowBudgetOptions {
  /** Called whenever there was no capacity for a flow. */
  readonly onFull?: () => void;
  /** From {@link flowBudgetMemory}. By default the budget belongs to this thread alone. */
  readonly memory?: SharedArrayBuffer;
  /** The number of this thread; 0 is the main thread. */
  readonly thread?: number;
}

/** There are as many listeners as may be. */
export class TooManyListeners extends Error {
  override readonly name = 'TooManyListeners';
  readonly code = 'ELISTENERS';

  /** @param most listeners that there may be */
  constructor(most: number) {
    super(
      `listeners of virtual IPs may have ${most} file descriptors, and have them; the others are for connections, DNS and the API; ${RAISE_LIMIT}`,
    );
  }
}

/** Counts the flows of all frontends of a plane and the file descriptors that they hold, over all threads. */
export class FlowBudget {
  readonly memory: SharedArrayBuffer;
  readonly #limits: FlowLimits;
  readonly #onFull: () => void;
  readonly #counts: Int32Array;
  /** The offset of this thread's counts. */
  readonly #own: number;
  readonly #waiters = new Set<Waiter>();
  #isLooking = false;
  #listeners = 0;

  constructor(limits: FlowLimits, options: FlowBudgetOptions = {}) {
    const { onFull = () => undefined, memory = flowBudgetMemory(), thread = 0 } = options;
    this.#limits = limits;
    this.#onFull = onFull;
    this.memory = memory;
    this.#counts = new Int32Array(memory);
    this.#own = (1 + thread) * COUNTS.size;
  }

  get flows(): number {
    return Atomics.load(this.#counts, COUNTS.flows);
  }

  /** Descriptors of flows and listeners, but not of waiting clients. */
  get descriptors(): number {
    return Atomics.load(this.#counts, COUNTS.descriptors);
  }

  get limits(): FlowLimits {
    return this.#limits;
  }

  /**
   * Takes the capacity for one flow.
   * @param descriptors 2 for TCP, 1 for UDP
   * @returns false, taking nothing, when there is no capacity
   */
  take(descriptors: number): boolean {
    if (this.#take(descriptors)) return true;
    this.#onFull();
    return false;
  }

  /** Returns the capacity of one flow, and admits waiting clients. */
  give(descriptors: number): void {
    this.#add(COUNTS.flows, -1);
    this.#add(COUNTS.descriptors, -descriptors);
    this.look();
  }

  /**
   * Takes a descriptor for a listener. Those of all listeners together are at most half of what there is: the flows
   * that they bring in need the others.
   * @throws TooManyListeners
   */
  listen(): void {
    const most = Math.floor(this.#limits.descriptors / 2);
    if (this.#listeners >= most || !this.tryHold(1)) throw new TooManyListeners(most);
    this.#listeners++;
  }

  /** Gives back what {@link listen} took. */
  unlisten(): void {
    this.#listeners--;
    this.hold(-1);
  }

  /** Counts descriptors that are not a flow's. Negative when they are closed. */
  hold(descriptors: number): void {
    this.#add(COUNTS.descriptors, descriptors);
    if (descriptors < 0) this.look();
  }

  /** Like {@link hold}, but only if there is capacity. @returns whether there was */
  tryHold(descriptors: number): boolean {
    if (this.#add(COUNTS.descriptors, descriptors) <= this.#limits.descriptors) return true;
    this.#add(COUNTS.descriptors, -descriptors);
    return false;
  }

  /** Adds to the queue, first come first served. @returns false when the queue is full */
  wait(waiter: Waiter): boolean {
    if (this.#add(COUNTS.waiting, 1) > this.#limits.waiting) {
      this.#add(COUNTS.waiting, -1);
      return false;
    }
    this.#waiters.add(waiter);
    return true;
  }

  /** Removes from the queue; harmless for a client that is not in it. */
  leave(waiter: Waiter): void {
    if (this.#waiters.delete(waiter)) this.#add(COUNTS.waiting, -1);
  }

  /** Admits waiting clients as far as capacity allows. Call this now and then if other threads return capacity. */
  look(): void {
    // An admitted client may end at once and return its capacity. The running loop then continues with it.
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      for (const waiter of this.#waiters) {
        if (!this.#take(waiter.descriptors)) return;
        this.leave(waiter);
        waiter.admit();
      }
    } finally {
      this.#isLooking = false;
    }
  }

  /** Returns everything that another thread had taken before it ended. */
  reclaim(thread: number): void {
    const own = (1 + thread) * COUNTS.size;
    for (const count of [COUNTS.flows, COUNTS.descriptors, COUNTS.waiting])
      Atomics.sub(this.#counts, count, Atomics.exchange(this.#counts, own + count, 0));
    this.look();
  }

  #take(descriptors: number): boolean {
    const { flows, descriptors: most } = this.#limits;
    // Take first and check afterwards, so that two threads never both get the last capacity.
    const flowCount = this.#add(COUNTS.flows, 1);
    const descriptorCount = this.#add(COUNTS.descriptors, descriptors);
    if (flowCount <= flows && descriptorCount <= most) return true;
    this.#add(COUNTS.flows, -1);
    this.#add(COUNTS.descriptors, -descriptors);
    return false;
  }

  /** @returns the new total of all threads */
  #add(count: number, by: number): number {
    const counts = this.#counts;
    const own = this.#own + count;
    counts[own] = (counts[own] ?? 0) + by;
    return Atomics.add(counts, count, by) + by;
  }
}
