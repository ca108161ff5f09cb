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

/** Words of a budget's memory: what all threads have taken together, then what each of them has. */
const COUNTS = { flows: 0, descriptors: 1, waiting: 2, size: 4 } as const;
/** Threads that may share a budget. */
const MAX_THREADS = 65;

/** Memory by which threads share one {@link FlowBudget}. */
export function flowBudgetMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer((1 + MAX_THREADS) * COUNTS.size * 4);
}

export interface FlowBudgetOptions {
  /** Called whenever there was no room for a flow. */
  readonly onFull?: () => void;
  /** Of {@link flowBudgetMemory}; absent: of this thread alone. */
  readonly memory?: SharedArrayBuffer;
  /** Which of the threads this is; 0 is the main one. */
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
  /** Where the counts of this thread are. */
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

  /** Those of flows and of listeners; not those of clients that wait. */
  get descriptors(): number {
    return Atomics.load(this.#counts, COUNTS.descriptors);
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
    if (this.#take(descriptors)) return true;
    this.#onFull();
    return false;
  }

  /** Gives back what one flow took, and admits who waits. */
  give(descriptors: number): void {
    this.#add(COUNTS.flows, -1);
    this.#add(COUNTS.descriptors, -descriptors);
    this.look();
  }

  /**
   * Takes a descriptor for a listener. Those of all listeners together are at most half of what there is: the flows that they
   * bring in need the others.
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

  /** As {@link hold}, if there is room for them. @returns whether there was */
  tryHold(descriptors: number): boolean {
    if (this.#add(COUNTS.descriptors, descriptors) <= this.#limits.descriptors) return true;
    this.#add(COUNTS.descriptors, -descriptors);
    return false;
  }

  /** Queues up, first come first served. @returns false when the queue is full */
  wait(waiter: Waiter): boolean {
    if (this.#add(COUNTS.waiting, 1) > this.#limits.waiting) {
      this.#add(COUNTS.waiting, -1);
      return false;
    }
    this.#waiters.add(waiter);
    return true;
  }

  /** Leaves the queue; harmless for one that is not in it. */
  leave(waiter: Waiter): void {
    if (this.#waiters.delete(waiter)) this.#add(COUNTS.waiting, -1);
  }

  /** Admits who waits, as far as there is room: to be called now and then where other threads make room. */
  look(): void {
    // One that is admitted may end at once and give back: the loop goes on with what there is then.
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

  /** Gives back all that another thread has taken, which is no more. */
  reclaim(thread: number): void {
    const own = (1 + thread) * COUNTS.size;
    for (const count of [COUNTS.flows, COUNTS.descriptors, COUNTS.waiting])
      Atomics.sub(this.#counts, count, Atomics.exchange(this.#counts, own + count, 0));
    this.look();
  }

  #take(descriptors: number): boolean {
    const { flows, descriptors: most } = this.#limits;
    // Taken first and looked at then: two threads never both have the last room.
    const flowCount = this.#add(COUNTS.flows, 1);
    const descriptorCount = this.#add(COUNTS.descriptors, descriptors);
    if (flowCount <= flows && descriptorCount <= most) return true;
    this.#add(COUNTS.flows, -1);
    this.#add(COUNTS.descriptors, -descriptors);
    return false;
  }

  /** @returns what all threads have then */
  #add(count: number, by: number): number {
    const counts = this.#counts;
    const own = this.#own + count;
    counts[own] = (counts[own] ?? 0) + by;
    return Atomics.add(counts, count, by) + by;
  }
}
