import type { Libc } from './libc.js';
import { CLOCK, Moment } from './moment.js';
import { preferLatency } from './scheduling.js';

/** The niceness (sched(7)) of a thread that now and then waits: it runs ahead of everything else of its core, which has the rest. */
const URGENT = -20;
/** Of one that never waits: a larger share than ordinary threads, of which none starves. */
const BUSY = -5;

/** The parts of the core's time above which a thread never waits, and below which it does again, or others are in its way. */
const BUSY_ABOVE = 0.9;
const CALM_BELOW = 0.6;
/** The least that is judged, in ms: longer than a collection of garbage, whose threads the thread would have to make room for. */
const WINDOW_MS = 100;
/** Looks of which one reads clocks. */
const LOOKS = 16;

export interface UrgencyOptions {
  /** Sets the niceness of the thread. */
  readonly apply: (nice: number) => void;
  /** ms that only grow. */
  readonly now: () => number;
  /** ms of the core that the thread has had since this was asked last. */
  readonly spent: () => number;
}

/**
 * How a thread that somebody waits for is to be scheduled, by how busy it is. One that wakes near the end of another's turn waits for
 * that end, which can be milliseconds, unless its weight is far above the other's (EEVDF: the earliest virtual deadline runs). With such
 * a weight it would starve the main thread under a flood, hence two.
 */
export class Urgency {
  readonly #options: UrgencyOptions;
  #isBusy = false;
  #looks = 0;
  #since: number;
  #spent = 0;

  constructor(options: UrgencyOptions) {
    this.#options = options;
    this.#since = options.now();
    options.apply(URGENT);
  }

  /** That of the calling thread. */
  static ofThread(libc: Libc): Urgency {
    let before = new Moment(libc, CLOCK.THREAD_CPU);
    let after = new Moment(libc, CLOCK.THREAD_CPU);
    return new Urgency({
      apply: (nice) => preferLatency(libc, nice),
      now: () => performance.now(),
      spent: () => {
        after.take();
        const us = after.since(before);
        [before, after] = [after, before];
        return us / 1000;
      },
    });
  }

  /** To be called after each piece of work. */
  look(): void {
    if (++this.#looks % LOOKS !== 0) return;
    const { now, spent } = this.#options;
    const at = now();
    this.#spent += spent();
    const elapsed = at - this.#since;
    if (elapsed < WINDOW_MS) return;
    const part = this.#spent / elapsed;
    this.#since = at;
    this.#spent = 0;
    this.#become(this.#isBusy ? part >= CALM_BELOW : part > BUSY_ABOVE);
  }

  #become(isBusy: boolean): void {
    if (isBusy === this.#isBusy) return;
    this.#isBusy = isBusy;
    this.#options.apply(isBusy ? BUSY : URGENT);
  }
}
