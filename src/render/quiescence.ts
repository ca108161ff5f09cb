import { parseDuration } from '../net/duration.js';
import type { Timers } from '../runtime/timers.js';

export interface Wait {
  min: number;
  max: number;
}

export const NO_WAIT: Wait = { min: 0, max: 0 };

/** `min` or `min:max`. By default max is four times min. */
export function parseWait(text: string): Wait | undefined {
  const [first = '', second] = text.split(':');
  const min = parseDuration(first);
  const max = second === undefined ? (min ?? 0) * 4 : parseDuration(second);
  return min === undefined || max === undefined || max < min ? undefined : { min, max };
}

/**
 * Waits until nothing has changed for `min`, but at most `max` after the first change. Both are in milliseconds; 0 acts
 * immediately.
 */
export class Quiescence {
  readonly #timers: Timers;
  readonly #act: () => void;
  #wait: Wait;
  #first: number | undefined;
  #cancel: (() => void) | undefined;

  constructor(wait: Wait, timers: Timers, act: () => void) {
    this.#wait = wait;
    this.#timers = timers;
    this.#act = act;
  }

  set wait(wait: Wait) {
    this.#wait = wait;
  }

  /** Reports a change. */
  touch(): void {
    const now = this.#timers.now();
    this.#first ??= now;
    this.#cancel?.();
    const left = this.#first + this.#wait.max - now;
    this.#cancel = this.#timers.after(Math.max(0, Math.min(this.#wait.min, left)), () => {
      this.stop();
      this.#act();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#first = undefined;
  }
}
