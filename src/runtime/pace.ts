import { setImmediate as turn } from 'node:timers/promises';
import { Pacer } from './pacer.js';
import { TimeHistogram, type TimesMs } from './time-histogram.js';

/** Milliseconds of taking changes before other work gets its turn. */
const SLICE_MS = 5;

/** Upper bounds, in milliseconds, of the times from a change to its consequences. */
const BOUNDS_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000] as const;

/** Work that runs at the common pace of all changes. */
export interface Paced {
  /** Reports that there is work to do. */
  due(): void;
  /** Stops the work for good. */
  stop(): void;
}

/**
 * The one pace between events and their consequences. Each round first takes the new changes, then runs the followers,
 * so that a change does not wait again at each stage. Between rounds it pauses as a {@link Pacer} does.
 */
export class Pace {
  readonly #intakes = new Set<Intake>();
  readonly #followers = new Set<Follower>();
  readonly #pacer = new Pacer(() => this.#round());
  readonly #times = new TimeHistogram(BOUNDS_MS);
  /** When the oldest change came that is not taken yet; undefined: there is none. */
  #dueSince: number | undefined;

  /** Times from a change that came to the end of the round that took it, after which every answer has it. */
  times(): TimesMs {
    return this.#times.read();
  }

  /**
   * Registers an intake. Intakes run first in each round.
   * @param take takes changes until `deadline` (of performance.now()), at least one; @returns whether more are left
   */
  intake(take: (deadline: number) => boolean): Paced {
    const intake: Intake = { take, isDue: false };
    this.#intakes.add(intake);
    return {
      due: () => {
        intake.isDue = true;
        this.#dueSince ??= performance.now();
        this.#pacer.due();
      },
      stop: () => this.#intakes.delete(intake),
    };
  }

  /**
   * Registers a follower. It runs after the intakes, once per round regardless of the number of changes. The round does
   * not wait for work that continues afterwards; such work gets half of the time.
   * @param work never rejects
   */
  follow(work: () => void | Promise<void>): Paced {
    const follower = new Follower(work, () => this.#pacer.due());
    this.#followers.add(follower);
    return {
      due: () => follower.due(),
      stop: () => {
        follower.stop();
        this.#followers.delete(follower);
      },
    };
  }

  stop(): void {
    this.#pacer.stop();
  }

  #round(): Promise<number> | undefined {
    const begun = performance.now();
    return this.#slice() ? this.#goOn(performance.now() - begun) : undefined;
  }

  /** @param spent ms so far @returns the ms that all slices took */
  async #goOn(spent: number): Promise<number> {
    for (;;) {
      await turn();
      const begun = performance.now();
      const isMore = this.#slice();
      spent += performance.now() - begun;
      if (!isMore) return spent;
    }
  }

  /** @returns whether more changes are left */
  #slice(): boolean {
    const deadline = performance.now() + SLICE_MS;
    let isMore = false;
    for (const intake of this.#intakes) {
      if (intake.isDue) intake.isDue = intake.take(deadline);
      isMore ||= intake.isDue;
    }
    for (const follower of this.#followers) follower.run();
    if (!isMore && this.#dueSince !== undefined) {
      this.#times.add(performance.now() - this.#dueSince);
      this.#dueSince = undefined;
    }
    return isMore;
  }
}

interface Intake {
  readonly take: (deadline: number) => boolean;
  isDue: boolean;
}

class Follower {
  readonly #work: () => void | Promise<void>;
  readonly #wake: () => void;
  #isDue = false;
  #isAtWork = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(work: () => void | Promise<void>, wake: () => void) {
    this.#work = work;
    this.#wake = wake;
  }

  due(): void {
    this.#isDue = true;
    if (!this.#isAtWork) this.#wake();
  }

  stop(): void {
    this.#isDue = false;
    clearTimeout(this.#timer);
  }

  run(): void {
    if (!this.#isDue || this.#isAtWork) return;
    this.#isDue = false;
    const begun = performance.now();
    const working = this.#work();
    if (!working) return;
    this.#isAtWork = true;
    void working.then(() => {
      this.#timer = setTimeout(() => {
        this.#isAtWork = false;
        if (this.#isDue) this.#wake();
      }, performance.now() - begun);
    });
  }
}
