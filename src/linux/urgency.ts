import type { Libc } from './libc.js';
import { preferLatency, runInRealTime } from './scheduling.js';
import { threadUsage, type ThreadUsage } from './thread-usage.js';

/** The niceness (sched(7)) of a thread that now and then waits: it runs ahead of every other of its core, which has the rest. */
const URGENT = -20;
/** Of one that never waits: a larger share than ordinary threads, of which none starves. */
const BUSY = -5;

/** The part of the core's time above which a thread is in the way of others. */
const BUSY_ABOVE = 0.9;
/** Below this it no longer is, whatever it does; */
const CALM_BELOW = 0.6;
/** below this only if it also waits so often: one that others keep from the core has no more either, and never waits. */
const CALM_WITH_WAITS_BELOW = 0.85;
const WAITS_PER_MS = 1;
/** The least that is judged, in ms: longer than a collection of garbage, whose threads the thread would have to make room for. */
const WINDOW_MS = 100;
/** Looks of which one reads the clock. */
const LOOKS = 16;

export interface UrgencyOptions {
  readonly apply: (isBusy: boolean) => void;
  /** ms that only grow. */
  readonly now: () => number;
  /** From the thread's start until now. */
  readonly usage: () => ThreadUsage;
}

export interface ThreadOptions {
  /** It runs before all ordinary threads if that is granted, not only with a far larger share. */
  readonly realTime?: boolean;
}

/**
 * How a thread that clients wait for is to be scheduled, by how busy it is. One that wakes while another has the core waits for the end
 * of the other's turn, which can be milliseconds, unless its weight is far above the other's (EEVDF: the earliest virtual deadline
 * runs) or it is a real-time thread, which waits for no other. As such it would starve the main thread under a flood, so two.
 */
export class Urgency {
  readonly #options: UrgencyOptions;
  #isBusy = false;
  #looks = 0;
  #since: number;
  /** As of then. */
  #usage: ThreadUsage;

  constructor(options: UrgencyOptions) {
    this.#options = options;
    this.#since = options.now();
    this.#usage = options.usage();
    options.apply(false);
  }

  /** That of the calling thread. */
  static ofThread(libc: Libc, { realTime = false }: ThreadOptions = {}): Urgency {
    return new Urgency({
      apply: (isBusy) => {
        if (isBusy || !realTime || !runInRealTime(libc)) preferLatency(libc, isBusy ? BUSY : URGENT);
      },
      now: () => performance.now(),
      usage: threadUsage(libc),
    });
  }

  /** To be called after each piece of work. */
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
