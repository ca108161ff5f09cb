/** The niceness (sched(7)) of a thread that mostly waits: it wakes ahead of everything else of its core, which hardly notices. */
const URGENT = -20;
/** Of one that is busy: a larger share than ordinary threads, of which none starves. */
const BUSY = -5;

/** The parts of the time above which a thread is busy, and below which it mostly waits again. */
const BUSY_ABOVE = 0.25;
const CALM_BELOW = 0.1;
/** The least that is judged, in ms. */
const WINDOW_MS = 10;

/**
 * How a thread that somebody waits for is to be scheduled, by how busy it is. One that wakes near the end of another's turn waits for
 * that end, which can be milliseconds, unless its weight is far above the other's (EEVDF: the earliest virtual deadline runs). With such
 * a weight it would starve the main thread under a flood, hence two.
 */
export class Urgency {
  readonly #apply: (nice: number) => void;
  #isBusy = false;
  #since: number;
  #busy = 0;

  /** @param apply sets the niceness of the calling thread @param now ms */
  constructor(apply: (nice: number) => void, now: number) {
    this.#apply = apply;
    this.#since = now;
    apply(URGENT);
  }

  /** Work was done. @param took ms since this was told last @param until now, in ms */
  worked(took: number, until: number): void {
    this.#busy += took;
    const elapsed = until - this.#since;
    if (elapsed < WINDOW_MS) return;
    const part = this.#busy / elapsed;
    this.#since = until;
    this.#busy = 0;
    const isBusy = this.#isBusy ? part >= CALM_BELOW : part > BUSY_ABOVE;
    if (isBusy === this.#isBusy) return;
    this.#isBusy = isBusy;
    this.#apply(isBusy ? BUSY : URGENT);
  }
}
