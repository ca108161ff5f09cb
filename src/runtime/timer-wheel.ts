import type { Timers } from './timers.js';

/** Something that a {@link TimerWheel} wakes. One that has no deadline is not on the wheel. */
export interface Expiring {
  /** For the wheel: the tick at which it is due; undefined when it is not on the wheel. */
  tick: number | undefined;
  /**
   * Its time may have come: it looks what is due. It is off the wheel by then, and may put itself on again.
   * @param now when this turn of the wheel began
   * @returns when to be woken again, as {@link Timers.now} counts; Infinity: not, unless it has put itself on the wheel
   */
  expire(now: number): number;
}

/** Something to be done once at a time, which may be scheduled again and again. */
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
  /** So late may something be woken, in milliseconds; 10 by default. */
  readonly tickMs?: number;
  /**
   * - `due` (by default): a timer of the system for what is due next, so that a wheel on which little is costs little
   * - `tick`: one for each tick while anything is on the wheel, so that {@link TimerWheel.coarse} is current
   * - `owner`: whoever owns it calls {@link TimerWheel.advance} each tick, because its thread blocks in calls of its own
   */
  readonly turns?: 'due' | 'tick' | 'owner';
}

const SLOTS = 1024;

/**
 * Thousands of deadlines behind a single timer of the system (Varghese and Lauck 1987, scheme 6). Scheduling and
 * cancelling cost the same however many there are; a turn costs as much as is due. Nothing is woken early; it is woken
 * late by a tick at most, plus what the event loop adds.
 *
 * Something need not be moved when its deadline is put off: it is woken at the old one, and says then when to wake it
 * again. So what happens often, such as traffic, costs the wheel nothing.
 */
export class TimerWheel {
  /** When the wheel looked at the clock last, in milliseconds: cheap to read. See {@link WheelOptions.turns}. */
  coarse: number;
  readonly #timers: Timers;
  readonly #tickMs: number;
  readonly #turns: 'due' | 'tick' | 'owner';
  readonly #slots: Set<Expiring>[] = Array.from({ length: SLOTS }, () => new Set<Expiring>());
  /** The last tick that has been run. */
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

  /** The time now, in milliseconds. */
  now(): number {
    return this.#timers.now();
  }

  /** Puts something on the wheel, or moves it. @param at the past is soon; Infinity takes it off */
  schedule(item: Expiring, at: number): void {
    this.cancel(item);
    if (at === Infinity) return;
    // While nothing is on it, the wheel stands still. The tick of this very moment is still to come.
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

  /** Takes everything off. */
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

  /** Wakes everything whose time has come. Unless its owner turns it, the wheel does so by itself. */
  advance(): void {
    const now = this.touch();
    const until = Math.floor(now / this.#tickMs);
    // After a long sleep one turn of the wheel visits every slot.
    const from = Math.max(this.#done + 1, until - SLOTS + 1);
    const due: Expiring[] = [];
    for (let tick = from; tick <= until; tick++) {
      for (const item of this.#slot(tick)) if ((item.tick ?? Infinity) <= until) due.push(item);
    }
    this.#done = Math.max(this.#done, until);
    for (const item of due) {
      // One that was woken before may have taken it off, or have moved it on.
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
      // The next tick, whatever is due then: nothing that comes later is earlier.
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
