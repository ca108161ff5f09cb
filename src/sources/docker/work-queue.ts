import type { Timers } from '../../runtime/timers.js';

export interface WorkQueueOptions {
  /**
   * Does the work for an id. Must not reject.
   * @param isCurrent false once an event about the id makes the pending answer outdated
   */
  readonly work: (id: string, cause: string, isCurrent: () => boolean) => Promise<void>;
  /** The work for an id exceeded its time in its slot. It continues outside the slots. */
  readonly onSlow?: (id: string) => void;
  /** Ids whose work failed last time. They are handled outside the slots. */
  readonly isHanging?: (id: string) => boolean;
  /** How many ids are handled at once. */
  readonly places: number;
  /** How long an id may occupy a slot, in milliseconds, so that a hanging call does not block the others. */
  readonly placeMs: number;
  readonly timers: Timers;
}

interface Job {
  cause: string;
  state: 'waiting' | 'running' | 'again';
  current: boolean;
}

/**
 * Dirty marks by id: at most one running and one waiting piece of work for each, no matter how often it is marked. An
 * id that is marked during its work is handled once more.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #jobs = new Map<string, Job>();
  readonly #later = new Map<string, () => void>();
  readonly #releases = new Set<() => void>();
  #waiting: string[] = [];
  #taken = 0;
  #stopped = false;
  #settled: (() => void)[] = [];

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** @param invalidates whether the pending answer is outdated, because it was requested before this event */
  mark(id: string, cause: string, invalidates = false): void {
    if (this.#stopped) return;
    this.#forgetLater(id);
    const job = this.#jobs.get(id);
    if (job === undefined) {
      this.#jobs.set(id, { cause, state: 'waiting', current: true });
      this.#enqueue(id);
      return;
    }
    job.cause = cause;
    if (job.state === 'running') job.state = 'again';
    if (invalidates) job.current = false;
  }

  /**
   * Marks it after `ms`, unless it is marked earlier.
   * @param invalidates whether a pending answer is outdated, as in {@link mark}; then it is marked at once
   */
  markLater(id: string, ms: number, cause: string, invalidates = false): void {
    if (this.#stopped) return;
    if (this.#jobs.has(id)) {
      if (invalidates) this.mark(id, cause, true);
      return;
    }
    this.#forgetLater(id);
    this.#later.set(
      id,
      this.#options.timers.after(ms, () => {
        this.#later.delete(id);
        this.mark(id, cause);
      }),
    );
  }

  /** Resolves when nothing waits for a slot and only hanging calls outside the slots are left. */
  settled(): Promise<void> {
    if (this.#taken === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settled.push(resolve));
  }

  /** Starts no more work. The owner ends running work. */
  stop(): void {
    this.#stopped = true;
    for (const cancel of [...this.#later.values(), ...this.#releases]) cancel();
    this.#later.clear();
    this.#waiting = [];
    this.#settle();
  }

  #forgetLater(id: string): void {
    this.#later.get(id)?.();
    this.#later.delete(id);
  }

  #enqueue(id: string): void {
    if (this.#options.isHanging?.(id) === true) {
      void this.#run(id, () => undefined);
    } else {
      this.#waiting.push(id);
      this.#fill();
    }
  }

  #fill(): void {
    while (!this.#stopped && this.#taken < this.#options.places) {
      const id = this.#waiting.shift();
      if (id === undefined) return;
      void this.#run(id, this.#takePlace(id));
    }
  }

  /** @returns frees the slot; harmless when called twice */
  #takePlace(id: string): () => void {
    this.#taken += 1;
    const giveBack = () => {
      if (!this.#releases.delete(cancel)) return;
      cancel();
      this.#taken -= 1;
      this.#fill();
      if (this.#taken === 0) this.#settle();
    };
    const cancel = this.#options.timers.after(this.#options.placeMs, () => {
      this.#options.onSlow?.(id);
      giveBack();
    });
    this.#releases.add(cancel);
    return giveBack;
  }

  async #run(id: string, giveBack: () => void): Promise<void> {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    const { cause } = job;
    job.state = 'running';
    job.current = true;
    await this.#options.work(id, cause, () => job.current && !this.#stopped);
    this.#jobs.delete(id);
    // It was marked meanwhile, so it queues again before its slot is freed. Otherwise the queue would seem settled.
    if (isMarkedAgain(job)) this.mark(id, job.cause);
    giveBack();
  }

  #settle(): void {
    const waiting = this.#settled;
    this.#settled = [];
    for (const resolve of waiting) resolve();
  }
}

/** A function because the state changes behind an await, which narrowing does not see. */
function isMarkedAgain(job: Job): boolean {
  return job.state === 'again';
}
