import type { Libc } from './libc.js';
import { preferLatency, runInRealTime } from './scheduling.js';
import { threadUsage, type ThreadUsage } from './thread-usage.js';

/**
 * The niceness (sched(7)) of a thread that waits now and then. It runs before all other threads of its core, which get
 * the remaining time.
 */
const URGENT = -20;
/**
 * The niceness of a thread that never waits. Its share is larger than that of ordinary threads, but starves none of
 * them.
 */
const BUSY = -5;

/** Above this share of the core's time, a thread blocks others. */
const BUSY_ABOVE = 0.9;
/** Below this share it no longer does, whatever else it does. */
const CALM_BELOW = 0.6;
/**
 * Below this share it no longer does if it also waits this often. A thread that others keep off the core has no larger
 * share either, but it never waits.
 */
const CALM_WITH_WAITS_BELOW = 0.85;
const WAITS_PER_MS = 1;
/**
 * The shortest period to judge, in ms. It is longer than a garbage collection, to whose threads the thread would have
 * to yield.
 */
const WINDOW_MS = 100;
/** Read the clock only once in this many looks. */
const LOOKS = 16;

export interface UrgencyOptions {
  readonly apply: (isBusy: boolean) => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** The thread's usage since its start. */
  readonly usage: () => ThreadUsage;
}

export interface ThreadOptions {
  /** If granted, the thread runs before all ordinary threads instead of only getting a far larger share. */
  readonly realTime?: boolean;
}

/**
 * Schedules a thread for which clients wait, by how busy it is. A thread that wakes while another has the core waits
 * until the other's time slice ends, which can take milliseconds. Two things avoid the wait: a weight far above the
 * other's (EEVDF: the earliest virtual deadline runs), or real-time scheduling. But under a flood such a thread would
 * starve the main thread, so a busy thread gets a smaller weight.
 */
export class Urgency {
  readonly #options: UrgencyOptions;
  #isBusy = false;
  #looks = 0;
  #since: number;
  /** The usage at that time. */
  #usage: ThreadUsage;

  constructor(options: UrgencyOptions) {
    this.#options = options;
    this.#since = options.now();
    this.#usage = options.usage();
    options.apply(false);
  }

  /** For the calling thread. */
  static ofThread(libc: Libc, { realTime = false }: ThreadOptions = {}): Urgency {
    return new Urgency({
      apply: (isBusy) => {
        if (isBusy || !realTime || !runInRealTime(libc)) preferLatency(libc, isBusy ? BUSY : URGENT);
      },
      now: () => performance.now(),
      usage: threadUsage(libc),
    });
  }

  /** Call this after each piece of work. */
  look(): void {
    if (++this.#looks % LOOKS !== 0) return;
    const at = this.#options.now();
    const elapsed = at - this.#since;
    if (elapsed < WINDOW_MS) return;
    const [before, usage] = [this.#usage, this.#options.usage()];
    const part = (usage.cpuMs - before.cpuMs) / elapsed;
    const waitsPerMs = (usage.waits - before.waits) / elapsed;
    this.#since = at;
    this.#usage = usage;
    this.#become(this.#isBusy ? !isCalm(part, waitsPerMs) : part > BUSY_ABOVE);
  }

  #become(isBusy: boolean): void {
    if (isBusy === this.#isBusy) return;
    this.#isBusy = isBusy;
    this.#options.apply(isBusy);
  }
}

const isCalm = (part: number, waitsPerMs: number): boolean =>
  part < CALM_BELOW || (part < CALM_WITH_WAITS_BELOW && waitsPerMs >= WAITS_PER_MS);
