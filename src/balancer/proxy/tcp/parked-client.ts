import type { TimerWheel, Expiring } from '../../../runtime/timer-wheel.js';
import type { FlowBudget, Waiter } from '../../flows/flow-budget.js';

/**
 * A client that waits, unread, until other flows end, because no file descriptor is left for the connection to its
 * task.
 */
export class ParkedClient implements Waiter, Expiring {
  readonly descriptors = 2;
  tick: number | undefined = undefined;
  readonly #done: (admitted: boolean) => void;
  readonly #wheel: TimerWheel;
  readonly #budget: FlowBudget;

  /** @param done called once, with whether capacity was taken for it; not called when the queue is full */
  constructor(budget: FlowBudget, wheel: TimerWheel, done: (admitted: boolean) => void) {
    this.#done = done;
    this.#wheel = wheel;
    this.#budget = budget;
  }

  /** @returns false when too many already wait */
  wait(ms: number): boolean {
    if (!this.#budget.wait(this)) return false;
    this.#wheel.schedule(this, this.#wheel.now() + ms);
    return true;
  }

  admit(): void {
    this.#finish(true);
  }

  expire(): number {
    this.#finish(false);
    return Infinity;
  }

  #finish(admitted: boolean): void {
    this.#wheel.cancel(this);
    this.#budget.leave(this);
    this.#done(admitted);
  }
}
