/** The part of the time that the work may take while there is always more. */
const SHARE = 0.02;
/** However long the work takes, it is done as often as this. */
const LONGEST_REST_MS = 50;

/**
 * Does a piece of work at the end of the turn of the event loop in which it became due. While it becomes due again and again it rests in
 * between, for a time in proportion to what the work cost: what comes meanwhile is done together, which costs less than one by one, and
 * leaves the core to those who answer.
 */
export class Pacer {
  readonly #work: () => void;
  #isDue = false;
  #restUntil = -Infinity;
  #timer: NodeJS.Timeout | undefined;

  constructor(work: () => void) {
    this.#work = work;
  }

  /** There is something to do. */
  due(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    const rest = this.#restUntil - performance.now();
    if (rest <= 0) {
      setImmediate(this.#run);
      return;
    }
    this.#timer = setTimeout(this.#run, rest);
  }

  /** Nothing is done any more. */
  stop(): void {
    this.#isDue = false;
    clearTimeout(this.#timer);
  }

  readonly #run = (): void => {
    if (!this.#isDue) return;
    this.#isDue = false;
    const begun = performance.now();
    this.#work();
    const ended = performance.now();
    this.#restUntil = ended + Math.min(LONGEST_REST_MS, (ended - begun) / SHARE);
  };
}
