import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';

/** Another program may have changed the host without a sign of it. */
const LOOK_MS = 30_000;
/** Between two repairs: a program that takes rules away again and again costs no core. */
const REST_MS = 200;

export interface PlaneRepairOptions {
  /** Puts back what another program took away. @throws Error with one line */
  readonly repair: () => Promise<void>;
  /** Milliseconds until a repair that failed is tried again. */
  readonly retryMs: number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
  readonly log: Log;
}

/** When a data plane is looked after: every half a minute, and as soon as the kernel tells that something was taken away. */
export class PlaneRepair {
  readonly #options: PlaneRepairOptions;
  #dueAt = Infinity;
  #lastAt = -Infinity;
  #fault: string | undefined;
  /** When the kernel told of what is still to be put back. */
  #toldAt: number | undefined;
  #done = 0;

  constructor(options: PlaneRepairOptions) {
    this.#options = options;
  }

  /** When {@link run} has something to do; Infinity: never. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** Why the last repair failed. */
  get fault(): string | undefined {
    return this.#fault;
  }

  /** How often something was put back that the kernel had told of. */
  get done(): number {
    return this.#done;
  }

  /** Everything is as it should be, from now on. */
  begin(): void {
    this.#fault = undefined;
    this.#toldAt = undefined;
    this.#dueAt = this.#options.now() + LOOK_MS;
  }

  /** There is nothing to be looked after. */
  end(): void {
    this.begin();
    this.#dueAt = Infinity;
  }

  /** Another program has taken something away. */
  tampered(): void {
    if (this.#dueAt === Infinity) return;
    const now = this.#options.now();
    this.#toldAt ??= now;
    this.#dueAt = Math.min(this.#dueAt, Math.max(now, this.#lastAt + REST_MS));
  }

  async run(): Promise<void> {
    const { repair, retryMs, now, log } = this.#options;
    if (now() < this.#dueAt) return;
    const toldAt = this.#toldAt;
    this.#toldAt = undefined;
    this.#lastAt = now();
    this.#dueAt = this.#lastAt + LOOK_MS;
    try {
      await repair();
      this.#fault = undefined;
      if (toldAt === undefined) return;
      this.#done++;
      const ms = Math.round(now() - toldAt);
      log.warn(`another program took rules of virtual IPs away; they are back after ${ms} ms`);
    } catch (error) {
      const fault = errorMessage(error);
      if (fault !== this.#fault) log.warn(fault);
      this.#fault = fault;
      this.#toldAt ??= toldAt;
      this.#dueAt = now() + retryMs;
    }
  }
}
