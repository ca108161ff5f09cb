/** The part of the time that the work may take while there is always more. */
const SHARE = 0.005;
/** What may be saved up of that, in ms of work: changes that come now and then, or a few at a time, never wait. */
const MOST_SAVED_MS = 10;
/** The longest rest after work that takes less than this. */
const LONGEST_REST_MS = 50;

/**
 * Does a piece of work at the end of the turn of the event loop in which it became due. When it becomes due again and again it rests in
 * between, for a time in proportion to what the work cost: what comes meanwhile is done together, which costs less than one by one, and
 * leaves the core to those who answer. Work that takes long has half of the time.
 */
export class Pacer {
  readonly #work: () => void | Promise<void>;
  #isDue = false;
  #isAtWork = false;
  #saved = MOST_SAVED_MS;
  #endedAt = performance.now();
  #restUntil = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  /** @param work never rejects */
  constructor(work: () => void | Promise<void>) {
    this.#work = work;
  }

  /** There is something to do. */
  due(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    if (!this.#isAtWork) this.#plan();
  }

  /** Nothing is done any more. */
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
      this.#rest(begun);
      return;
    }
    this.#isAtWork = true;
    void working.then(() => {
      this.#isAtWork = false;
      this.#rest(begun);
      if (this.#isDue) this.#plan();
    });
  };

  #rest(begun: number): void {
    const ended = performance.now();
    const cost = ended - begun;
    const saved = Math.min(MOST_SAVED_MS, this.#saved + (ended - this.#endedAt) * SHARE);
    const hasEnough = cost <= saved;
    this.#saved = hasEnough ? saved - cost : 0;
    this.#endedAt = ended;
    const rest = hasEnough ? 0 : Math.max(cost, Math.min(LONGEST_REST_MS, cost / SHARE));
    this.#restUntil = ended + rest;
  }
}
