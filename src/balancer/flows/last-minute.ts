/** A minute: so long the kernel keeps the port of a connection that this side ended first (TIME_WAIT), in ms. */
const SPAN_MS = 60_000;
const SLOTS = 12;
const SLOT_MS = SPAN_MS / SLOTS;

/** Counts what has happened within the last minute. */
export class LastMinute {
  readonly #counts = new Uint32Array(SLOTS + 1);
  /** The last slot that was counted in, of all that time has. */
  #slot = 0;

  add(now: number): void {
    this.#forget(now);
    const at = this.#slot % this.#counts.length;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  /** At most 5 s behind. */
  count(now: number): number {
    this.#forget(now);
    return this.#counts.reduce((sum, each) => sum + each, 0);
  }

  #forget(now: number): void {
    const slot = Math.floor(now / SLOT_MS);
    const passed = Math.min(slot - this.#slot, this.#counts.length);
    for (let n = 1; n <= passed; n++) this.#counts[(this.#slot + n) % this.#counts.length] = 0;
    this.#slot = slot;
  }
}
