/** The share of time that the work may use under constant load. */
const SHARE = 0.005;
/** Unused share that can be saved up, in ms of work. Occasional changes and small groups therefore never wait. */
const MOST_SAVED_MS = 10;
/** The longest pause after work that took less than this. */
const LONGEST_REST_MS = 50;

/**
 * Runs a piece of work at the end of the event-loop turn in which it became due. Under constant load it pauses between
 * runs, in proportion to the cost of the work. Changes that arrive meanwhile are handled together, which is cheaper
 * than one by one and leaves the core to the answering threads. Long-running work gets half of the time.
 */
export class Pacer {
  readonly #work: () => Promise<number> | undefined;
  #isDue = false;
  #isAtWork = false;
  #saved = MOST_SAVED_MS;
  #endedAt = performance.now();
  #restUntil = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param work never rejects. If it continues in later turns, it resolves with what all of it cost, in ms: between its
   * turns others were at work.
   */
  constructor(work: () => Promise<number> | undefined) {
    this.#work = work;
  }

  /** Reports that there is work to do. */
  due(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    if (!this.#isAtWork) this.#plan();
  }

  /** Stops the work for good. */
  stop(): void {
    this.#isDue = false;
    clearTimeout(this.#timer);
  }

  #plan(): void {
    const rest = this.#restUntil - performance.now();
    if (rest <= 0) setImmediate(this.#run);
    else this.#timer = setTimeout(this.#run, rest);
  }

  readonly #run = (): void => {
    if (!this.#isDue || this.#isAtWork) return;
    this.#isDue = false;
    const begun = performance.now();
    const working = this.#work();
    if (!working) {
      this.#rest(performance.now() - begun);
      return;
    }
    this.#isAtWork = true;
    void working.then((cost) => {
      this.#isAtWork = false;
      this.#rest(cost);
      if (this.#isDue) this.#plan();
    });
  };

  #rest(cost: number): void {
    const ended = performance.now();
    const saved = Math.min(MOST_SAVED_MS, this.#saved + (ended - this.#endedAt) * SHARE);
    const hasEnough = cost <= saved;
    this.#saved = hasEnough ? saved - cost : 0;
    this.#endedAt = ended;
    const rest = hasEnough ? 0 : Math.max(cost, Math.min(LONGEST_REST_MS, cost / SHARE));
    this.#restUntil = ended + rest;
  }
}
