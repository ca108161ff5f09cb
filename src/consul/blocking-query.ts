import { systemTimers, type Timers } from '../runtime/timers.js';
import { type ConsulAnswer, ConsulError, noLeader } from './consul-client.js';

/** Time and randomness, so that tests can control them. */
export interface QueryTimers extends Timers {
  /** Returns 0 to 1. */
  random(): number;
}

export const systemQueryTimers: QueryTimers = {
  ...systemTimers,
  random: () => Math.random(),
};

export interface QueryPace {
  /** How long Consul may hold back an answer, in milliseconds. Consul adds up to a sixteenth. */
  readonly wait: number;
  /** How many requests may follow each other immediately, after a quiet time. */
  readonly burst: number;
  /** Milliseconds until one more request is allowed. */
  readonly refill: number;
  /** Milliseconds before the first retry. Each further one waits twice as long. */
  readonly minBackoff: number;
  readonly maxBackoff: number;
  /** Milliseconds between two requests when there is no index on which to block. */
  readonly poll: number;
}

/**
 * A container that is replaced changes its service up to four times: one is registered and becomes healthy, the other
 * is put in maintenance and removed. The burst holds the replacement of two, and a service may go on changing four
 * times a second. consul-template asks up to ten times a second.
 */
export const usualPace: QueryPace = {
  wait: 300_000,
  burst: 10,
  refill: 250,
  minBackoff: 100,
  maxBackoff: 1500,
  poll: 5000,
};

export interface BlockingQueryOptions {
  /** Sends one request. @param wait milliseconds; 0: answer immediately */
  readonly ask: (
    index: bigint | undefined,
    wait: number,
    timeout: number,
    signal: AbortSignal,
  ) => Promise<ConsulAnswer>;
  /** Looks at each answer before it counts. @throws ConsulError if it cannot be right */
  readonly check?: (answer: ConsulAnswer) => void;
  /** Receives each answer with a new index. */
  readonly onAnswer: (answer: ConsulAnswer) => void;
  /** Receives the reason for each failed attempt. */
  readonly onFailure: (error: ConsulError) => void;
  /** Called whenever an answer arrives, changed or not: the known data is current as of now. */
  readonly onAlive?: () => void;
  /**
   * Whether the next request may block on this answer's index. A service that does not exist has the index of all
   * services, so every registration would end the wait. Such an answer is requested again after {@link QueryPace.poll}.
   */
  readonly mayBlock?: (answer: ConsulAnswer) => boolean;
  readonly timers?: QueryTimers;
  readonly pace?: Partial<QueryPace>;
}

/** How much longer than the wait an answer may take, in milliseconds. */
const GRACE = 10_000;
/** How much longer than necessary a request may wait for its token, as a part of the wait. */
const MOST_JITTER = 0.25;

/**
 * Repeats one blocking query, by the rules of Consul's documentation:
 *
 * - The index is opaque, except that a lower one means starting over. It is never 0.
 * - Requests are limited by a token bucket. Hosts that wait for a token of the same service wait for different times.
 * - Each retry waits longer, with jitter.
 * - An answer of a server without a leader is rejected: it may be outdated or empty.
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
  /** Whether it waits because there is no index to block on. */
  #isPolling = false;
  #running: Promise<void> | undefined;
  #first: () => void = () => undefined;

  constructor(options: BlockingQueryOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemQueryTimers;
    this.#pace = { ...usualPace, ...options.pace };
    this.#tokens = this.#pace.burst;
    this.#filledAt = this.#timers.now();
  }

  /** Resolves after the first attempt, successful or not. */
  start(): Promise<void> {
    return new Promise((resolve) => {
      this.#first = resolve;
      this.#running = this.#run().finally(resolve);
    });
  }

  /** Resolves when no more requests and callbacks follow. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
  }

  /** Asks again now if it would do so only after {@link QueryPace.poll}. The limit of requests still applies. */
  askNow(): void {
    if (this.#isPolling) this.#wake();
  }

  async #run(): Promise<void> {
    while (!this.#isStopping()) {
      await this.#pause(this.#takeToken());
      if (this.#isStopping()) return;
      const pause = await this.#askOnce();
      this.#first();
      this.#isPolling = this.#failures === 0;
      await this.#pause(pause);
      this.#isPolling = false;
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
      if (!answer.knownLeader) throw noLeader();
      this.#options.check?.(answer);
      this.#failures = 0;
      return this.#take(answer);
    } catch (error) {
      if (this.#isStopping()) return 0;
      this.#failures++;
      // It is unknown what was missed in the meantime, so the next request must not block.
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

  /** @returns milliseconds until the token is available */
  #takeToken(): number {
    const { burst, refill } = this.#pace;
    const now = this.#timers.now();
    this.#tokens = Math.min(burst, this.#tokens + (now - this.#filledAt) / refill);
    this.#filledAt = now;
    this.#tokens -= 1;
    if (this.#tokens >= 0) return 0;
    return -this.#tokens * refill * (1 + MOST_JITTER * this.#timers.random());
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

  /** A function, because the value changes during an await, which type narrowing does not see. */
  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}
