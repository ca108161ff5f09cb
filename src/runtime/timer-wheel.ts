/** Time, so that tests can hold it still. */
export interface Timers {
  /** Milliseconds that only grow; not the time of day, which is set now and then. */
  now(): number;
  /** Runs `task` once, `ms` from now. @returns takes it back; harmless afterwards */
  after(ms: number, task: () => void): () => void;
}

export const systemTimers: Timers = {
  now: () => performance.now(),
  after(ms, task) {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

/** Something that a {@link TimerWheel} runs at one time; it may be scheduled again and again. */
export class WheelTimer {
  readonly run: (now: number) => void;
  /** The tick it is due at; undefined: not scheduled. For the wheel. */
  tick: number | undefined;

  constructor(run: (now: number) => void) {
    this.run = run;
  }

  get scheduled(): boolean {
    return this.tick !== undefined;
  }
}

const TICK_MS = 10;
const SLOTS = 1024;

/**
 * Thousands of timers behind a single one of the system (Varghese and Lauck 1987, scheme 6). Scheduling and cancelling
 * cost the same however many there are; a turn costs as much as is due. Nothing runs early; it runs late by a tick at
 * most, plus what the event loop adds.
 */
export class TimerWheel {
  readonly #timers: Timers;
  readonly #slots: Set<WheelTimer>[] = Array.from({ length: SLOTS }, () => new Set<WheelTimer>());
  /** The last tick that has been run. */
  #done: number;
  #size = 0;
  #armed: { readonly tick: number; readonly cancel: () => void } | undefined;

  constructor(timers: Timers) {
    this.#timers = timers;
    this.#done = Math.floor(timers.now() / TICK_MS);
  }

  get size(): number {
    return this.#size;
  }

  /** Puts a timer on the wheel, or moves it. @param at milliseconds, as {@link Timers.now} counts; the past is soon */
  schedule(timer: WheelTimer, at: number): void {
    this.cancel(timer);
    const tick = Math.max(this.#done + 1, Math.ceil(at / TICK_MS));
    timer.tick = tick;
    this.#slot(tick).add(timer);
    this.#size++;
    if (this.#armed === undefined || tick < this.#armed.tick) this.#arm(tick);
  }

  cancel(timer: WheelTimer): void {
    if (timer.tick === undefined) return;
    this.#slot(timer.tick).delete(timer);
    timer.tick = undefined;
    this.#size--;
  }

  /** Takes everything off. */
  clear(): void {
    for (const slot of this.#slots) {
      for (const timer of slot) timer.tick = undefined;
      slot.clear();
    }
    this.#size = 0;
    this.#armed?.cancel();
    this.#armed = undefined;
  }

  #slot(tick: number): Set<WheelTimer> {
    const slot = this.#slots[tick % SLOTS];
    if (slot === undefined)
      throw new Error(`the timer wheel has no slot for tick ${tick}: the clock is not finite`);
    return slot;
  }

  #arm(tick: number): void {
    this.#armed?.cancel();
    const wait = Math.max(0, tick * TICK_MS - this.#timers.now());
    this.#armed = { tick, cancel: this.#timers.after(wait, () => this.#turn()) };
  }

  #turn(): void {
    this.#armed = undefined;
    const now = this.#timers.now();
    const until = Math.floor(now / TICK_MS);
    // After a long sleep one turn of the wheel visits every slot.
    const from = Math.max(this.#done + 1, until - SLOTS + 1);
    const due: WheelTimer[] = [];
    for (let tick = from; tick <= until; tick++) {
      for (const timer of this.#slot(tick)) if ((timer.tick ?? Infinity) <= until) due.push(timer);
    }
    this.#done = Math.max(this.#done, until);
    for (const timer of due) this.cancel(timer);
    for (const timer of due) timer.run(now);
    if (this.#size > 0) this.#armNext();
  }

  #armNext(): void {
    const from = this.#done + 1;
    for (let tick = from; tick < from + SLOTS; tick++) {
      if (this.#slot(tick).size === 0) continue;
      const armed: { readonly tick: number } | undefined = this.#armed;
      if (armed === undefined || tick < armed.tick) this.#arm(tick);
      return;
    }
  }
}
