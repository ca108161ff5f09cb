import { systemTimers, type Timers } from '../runtime/timers.js';
import { type ConsulAnswer, ConsulError } from './consul-client.js';

/** Time and chance, so that tests can hold them still. */
export interface QueryTimers extends Timers {
  /** 0 to 1. */
  random(): number;
}

export const systemQueryTimers: QueryTimers = {
  ...systemTimers,
  random: () => Math.random(),
};

export interface QueryPace {
  /** Milliseconds that Consul may hold an answer back; it adds up to a sixteenth. */
  readonly wait: number;
  /** Requests that may follow each other at once. */
  readonly burst: number;
  /** Milliseconds in which one more request becomes free. */
  readonly refill: number;
  /** Milliseconds before the first attempt after a failure; each further one takes twice as long. */
  readonly minBackoff: number;
  readonly maxBackoff: number;
  /** Milliseconds between two requests where there is no index to block on. */
  readonly poll: number;
}

export const usualPace: QueryPace = {
  wait: 300_000,
  burst: 4,
  refill: 500,
  minBackoff: 100,
  maxBackoff: 1500,
  poll: 5000,
};

export interface BlockingQueryOptions {
  /** Asks once. @param wait milliseconds; 0: the answer is wanted at once */
  readonly ask: (
    index: bigint | undefined,
    wait: number,
    timeout: number,
    signal: AbortSignal,
  ) => Promise<ConsulAnswer>;
  /** Receives each answer whose index is another than that of the one before. */
  readonly onAnswer: (answer: ConsulAnswer) => void;
  /** Receives why there is no answer, once for each failed attempt. */
  readonly onFailure: (error: ConsulError) => void;
  /** Called whenever an answer arrived, changed or not: what is known is right as of now. */
  readonly onAlive?: () => void;
  /**
   * Whether the next request may block on the index of this answer. A service that does not exist has the index of all
   * services: every registration would end the wait. Such an answer is asked for again after {@link QueryPace.poll}.
   */
  readonly mayBlock?: (answer: ConsulAnswer) => boolean;
  readonly timers?: QueryTimers;
  readonly pace?: Partial<QueryPace>;
}

/** What an answer may take beyond the time that it is held back, in milliseconds. */
const GRACE = 10_000;

/**
 * One blocking query, again and again, by the rules of Consul's documentation: the index is opaque but for going back,
 * which starts over; it is never 0; requests come out of a token bucket; failures wait longer each time, with jitter.
 * An answer of a server that knows no leader is not taken: it may be from before an election, or empty.
 */
export class BlockingQuery {
  readonly #options: BlockingQueryOptions;
  readonly #timers: QueryTimers;
  readonly #pace: QueryPace;
  readonly #stopping = new AbortController();
  #index: bigint | undefined;
  #told: bigint | undefined;
  #hasTold = false;
  #failures = 0;
  #tokens: number;
  #filledAt: number;
  #wake: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #first: () => void = () => undefined;

  constructor(options: BlockingQueryOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemQueryTimers;
    this.#pace = { ...usualPace, ...options.pace };
    this.#tokens = this.#pace.burst;
    this.#filledAt = this.#timers.now();
  }

  /** Resolves when the first attempt is over, whether it brought an answer or not. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#first = resolve;
      this.#running = this.#run().finally(resolve);
    });
  }

  /** Resolves when nothing more is asked or told. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#isStopping()) {
      await this.#pause(this.#takeToken());
      if (this.#isStopping()) return;
      const pause = await this.#askOnce();
      this.#first();
      await this.#pause(pause);
    }
  }

  /** @returns milliseconds to wait before the next request */
  async #askOnce(): Promise<number> {
    const { wait } = this.#pace;
    try {
      const blocks = this.#index !== undefined;
      const timeout = blocks ? wait + wait / 16 + GRACE : GRACE;
      const answer = await this.#options.ask(this.#index, blocks ? wait : 0, timeout, this.#stopping.signal);
      if (this.#isStopping()) return 0;
      if (!answer.knownLeader) throw new ConsulError('Consul has no leader at present');
      this.#failures = 0;
      return this.#take(answer);
    } catch (error) {
      if (this.#isStopping()) return 0;
      this.#failures++;
      // What it missed meanwhile is not known: the next answer is wanted at once.
      this.#index = undefined;
      this.#hasTold = false;
      this.#options.onFailure(error instanceof ConsulError ? error : new ConsulError(String(error)));
      const { minBackoff, maxBackoff } = this.#pace;
      const most = Math.min(maxBackoff, minBackoff * 2 ** Math.min(this.#failures - 1, 16));
      return most / 2 + (most / 2) * this.#timers.random();
    }
  }

  #take(answer: ConsulAnswer): number {
    const { index } = answer;
    const isNews = !this.#hasTold || index === undefined || index !== this.#told;
    const wentBack = this.#index !== undefined && index !== undefined && index < this.#index;
    const mayBlock = this.#options.mayBlock?.(answer) ?? true;
    const canBlock = index !== undefined && index > 0n && !wentBack && mayBlock;
    this.#index = canBlock ? index : undefined;
    this.#options.onAlive?.();
    if (isNews) {
      this.#told = index;
      this.#hasTold = true;
      this.#options.onAnswer(answer);
    }
    if (canBlock || wentBack) return 0;
    return this.#pace.poll * (0.75 + 0.5 * this.#timers.random());
  }

  /** @returns milliseconds until the token that it took is there */
  #takeToken(): number {
    const { burst, refill } = this.#pace;
    const now = this.#timers.now();
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#filledAt) / refill);
    this.#filledAt = now;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : -this.#tokens * refill;
  }

  #pause(ms: number): Promise<void> {
    if (ms <= 0 || this.#isStopping()) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#timers.after(ms, () => this.#wake());
      this.#wake = () => {
        this.#wake = () => undefined;
        cancel();
        resolve();
      };
    });
  }

  /** A function because it changes behind an await, which narrowing does not see. */
  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}
