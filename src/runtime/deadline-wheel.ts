/** Something that a {@link DeadlineWheel} wakes. One that has no deadline is not on the wheel. */
export interface Expiring {
  /** For the wheel: the slot it is in; undefined when it is in none. */
  slot: number | undefined;
  /**
   * Its time may have come: it looks what is due.
   * @returns when to be woken again, as the wheel's `now` counts; Infinity: not again
   */
  expire(now: number): number;
}

export const TICK_MS = 100;

/**
 * Deadlines of thousands of flows behind one timer, coarse on purpose: nothing wakes early, and late by a tick at most
 * plus what the event loop adds. A flow need not be moved when its deadline is put off: it is woken at the old one, and
 * says then when to wake it again. So traffic costs the wheel nothing.
 */
export class DeadlineWheel {
  /** The time of the last tick, in milliseconds: cheap, and late by a tick at most while anything is on the wheel. */
  coarse: number;
  readonly #now: () => number;
  readonly #isDriven: boolean;
  readonly #slots = new Map<number, Set<Expiring>>();
  #timer: NodeJS.Timeout | undefined;
  /** The last slot that has been run. */
  #done: number;

  /**
   * @param now milliseconds that only grow
   * @param driven it has no timer: the owner calls {@link advance} every {@link TICK_MS} while it is not empty
   */
  constructor(now: () => number, { driven = false } = {}) {
    this.#now = now;
    this.#isDriven = driven;
    this.coarse = now();
    this.#done = Math.floor(this.coarse / TICK_MS);
  }

  /** The time now, in milliseconds. */
  now(): number {
    return this.#now();
  }

  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  /** Puts something on the wheel, or moves it. @param at the past is soon; Infinity takes it off */
  schedule(item: Expiring, at: number): void {
    this.cancel(item);
    if (at === Infinity) return;
    if (this.#slots.size === 0) this.touch();
    const slot = Math.max(this.#done + 1, Math.ceil(at / TICK_MS));
    let items = this.#slots.get(slot);
    if (!items) this.#slots.set(slot, (items = new Set()));
    items.add(item);
    item.slot = slot;
    this.#startTimer();
  }

  cancel(item: Expiring): void {
    if (item.slot === undefined) return;
    const items = this.#slots.get(item.slot);
    items?.delete(item);
    if (items?.size === 0) this.#slots.delete(item.slot);
    item.slot = undefined;
  }

  /** Takes everything off. */
  clear(): void {
    for (const items of this.#slots.values()) for (const item of items) item.slot = undefined;
    this.#slots.clear();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Brings {@link coarse} up to date. */
  touch(): number {
    return (this.coarse = this.#now());
  }

  /** Wakes everything whose time has come. Unless it is driven, the wheel does so by itself. */
  advance(): void {
    const until = Math.floor(this.touch() / TICK_MS);
    const due: Expiring[] = [];
    // After a long sleep there are fewer slots than ticks that were missed.
    if (until - this.#done > this.#slots.size) {
      for (const [slot, items] of this.#slots) if (slot <= until) due.push(...items);
    } else {
      for (let slot = this.#done + 1; slot <= until; slot++) due.push(...(this.#slots.get(slot) ?? []));
    }
    this.#done = Math.max(this.#done, until);
    for (const item of due) {
      // One that was woken before may have taken it off, or have moved it on.
      if (item.slot === undefined || item.slot > until) continue;
      this.schedule(item, item.expire(this.coarse));
    }
  }

  #startTimer(): void {
    if (!this.#isDriven) this.#timer ??= setTimeout(this.#tick, TICK_MS).unref();
  }

  readonly #tick = (): void => {
    this.#timer = undefined;
    this.advance();
    if (this.#slots.size > 0) this.#startTimer();
  };
}
