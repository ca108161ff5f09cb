import type { Timers } from './timers.js';

/** Something that a {@link TimerWheel} wakes. It is on the wheel only while it has a deadline. */
export interface Expiring {
  /** Used by the wheel: the tick at which it is due. Undefined when it is not on the wheel. */
  tick: number | undefined;
  /**
   * Called when its time may have come, to check what is due. The wheel has already removed it; it may schedule itself
   * again.
   * @param now when this turn of the wheel began
   * @returns when to wake it next, on the clock of {@link Timers.now}; Infinity for never, unless it scheduled itself
   */
  expire(now: number): number;
}

/** A task that runs once per schedule and may be scheduled any number of times. */
export class WheelTimer implements Expiring {
  readonly #run: (now: number) => void;
  tick: number | undefined = undefined;

  constructor(run: (now: number) => void) {
    this.#run = run;
  }

  get scheduled(): boolean {
    return this.tick !== undefined;
  }

  expire(now: number): number {
    this.#run(now);
    return Infinity;
  }
}

export interface WheelOptions {
  readonly timers: Timers;
  /** How late the wheel may wake an item, in milliseconds; 10 by default. */
  readonly tickMs?: number;
  /**
   * What turns the wheel:
   * - `due` (the default): one system timer for the next deadline, so that a sparse wheel costs little
   * - `tick`: a system timer on each tick while anything is on the wheel, so that {@link TimerWheel.coarse} is current
   * - `owner`: the owner calls {@link TimerWheel.advance} on each tick, because its thread blocks in calls of its own
   */
  readonly turns?: 'due' | 'tick' | 'owner';
}

const SLOTS = 1024;

/**
 * Thousands of deadlines behind a single system timer (Varghese and Lauck 1987, scheme 6). Scheduling and cancelling
 * take constant time. A turn costs as much as the items that are due. Items never wake early. They wake late by one
 * tick at most, plus the delay of the event loop.
 *
 * Postponing a deadline does not require moving the item. It wakes at the old deadline and then returns the new one.
 * Frequent events such as traffic therefore cost the wheel nothing.
 */
export class TimerWheel {
  /** When the wheel last read the clock, in milliseconds. Cheap to read. See {@link WheelOptions.turns}. */
  coarse: number;
  readonly #timers: Timers;
  readonly #tickMs: number;
  readonly #turns: 'due' | 'tick' | 'owner';
  readonly #slots: Set<Expiring>[] = Array.from({ length: SLOTS }, () => new Set<Expiring>());
  /** The last tick that has run. */
  #done: number;
  #size = 0;
  #armed: { readonly tick: number; readonly cancel: () => void } | undefined;

  constructor({ timers, tickMs = 10, turns = 'due' }: WheelOptions) {
    this.#timers = timers;
    this.#tickMs = tickMs;
    this.#turns = turns;
    this.coarse = timers.now();
    this.#done = Math.floor(this.coarse / tickMs);
  }

  get size(): number {
    return this.#size;
  }

  /** The current time in milliseconds. */
  now(): number {
    return this.#timers.now();
  }

  /** Adds or moves an item. @param at a time in the past means soon; Infinity removes the item */
  schedule(item: Expiring, at: number): void {
    this.cancel(item);
    if (at === Infinity) return;
    // An empty wheel stands still. The tick of this very moment has not run yet.
    if (this.#size === 0) this.#done = Math.max(this.#done, Math.floor(this.touch() / this.#tickMs) - 1);
    const tick = Math.max(this.#done + 1, Math.ceil(at / this.#tickMs));
    this.#slot(tick).add(item);
    item.tick = tick;
    this.#size++;
    if (this.#armed === undefined || tick < this.#armed.tick) this.#arm(tick);
  }

  cancel(item: Expiring): void {
    if (item.tick === undefined) return;
    this.#slot(item.tick).delete(item);
    item.tick = undefined;
    this.#size--;
  }

  /** Removes all items. */
  clear(): void {
    for (const slot of this.#slots) {
      for (const item of slot) item.tick = undefined;
      slot.clear();
    }
    this.#size = 0;
    this.#armed?.cancel();
    this.#armed = undefined;
  }

  /** Brings {@link coarse} up to date. */
  touch(): number {
    return (this.coarse = this.#timers.now());
  }

  /** Wakes everything that is due. The wheel calls this itself unless its owner turns it. */
  advance(): void {
    const now = this.touch();
    const until = Math.floor(now / this.#tickMs);
    // After a long sleep, one turn visits every slot.
    const from = Math.max(this.#done + 1, until - SLOTS + 1);
    const due: Expiring[] = [];
    for (let tick = from; tick <= until; tick++) {
      for (const item of this.#slot(tick)) if ((item.tick ?? Infinity) <= until) due.push(item);
    }
    this.#done = Math.max(this.#done, until);
    for (const item of due) {
      // An item woken earlier in this turn may have removed or moved this one.
      if (item.tick === undefined || item.tick > until) continue;
      this.cancel(item);
      const again = item.expire(now);
      if (again !== Infinity) this.schedule(item, again);
    }
  }

  #slot(tick: number): Set<Expiring> {
    const slot = this.#slots[tick % SLOTS];
    if (slot === undefined)
      throw new Error(`the timer wheel has no slot for tick ${tick}: the clock is not finite`);
    return slot;
  }

  #arm(tick: number): void {
    if (this.#turns === 'owner') return;
    this.#armed?.cancel();
    if (this.#turns === 'tick') {
      // Wake at the next tick, whatever is due: no item scheduled later can be earlier.
      this.#armed = { tick: -Infinity, cancel: this.#timers.after(this.#tickMs, this.#turn) };
      return;
    }
    const wait = Math.max(0, tick * this.#tickMs - this.#timers.now());
    this.#armed = { tick, cancel: this.#timers.after(wait, this.#turn) };
  }

  readonly #turn = (): void => {
    this.#armed = undefined;
    this.advance();
    if (this.#size > 0) this.#armNext();
  };

  #armNext(): void {
    const from = this.#done + 1;
    for (let tick = from; tick < from + SLOTS; tick++) {
      if (this.#turns === 'due' && this.#slot(tick).size === 0) continue;
      const armed: { readonly tick: number } | undefined = this.#armed;
      if (armed === undefined || tick < armed.tick) this.#arm(tick);
      return;
    }
  }
}
