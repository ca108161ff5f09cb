import { setImmediate as nextTurn } from 'node:timers/promises';
import type { HistoryRead, HistoryWishes } from '../net/history-figures.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';
import type { Timers } from '../runtime/timers.js';
import { FigureBook, type Reading } from './figure-book.js';
import { FigureReader, type Read } from './figure-reader.js';
import { FINE } from './step-rows.js';

export interface HistoryStore {
  /** @returns undefined when nothing was saved */
  load(): Promise<Uint8Array | undefined>;
  save(pieces: Iterable<string | Uint8Array>): Promise<void>;
}

export interface HistoryKeeperOptions {
  readonly store: HistoryStore;
  /** What is read at each step. */
  readonly read: () => Promise<Read>;
  readonly log: Pick<Log, 'warn'>;
  readonly timers: Pick<Timers, 'after'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
}

/** A daemon that is killed forgets at most so much. */
const SAVE_MS = 300_000;

/** Readings made before others get a turn. */
const READINGS_A_TURN = 500;

/** Reads figures every 5 s, and keeps them over a restart. */
export class HistoryKeeper {
  readonly name = 'history';
  readonly #options: HistoryKeeperOptions;
  readonly #book = new FigureBook();
  readonly #reader = new FigureReader();
  #cancel: (() => void) | undefined;
  #savedAt = 0;
  /** The step or the save that runs. */
  #work: Promise<void> = Promise.resolve();

  constructor(options: HistoryKeeperOptions) {
    this.#options = options;
  }

  /** Goes on with what an earlier process saved. */
  async start(): Promise<void> {
    const { store, log, clock } = this.#options;
    try {
      const saved = await store.load();
      if (saved) this.#book.restore(saved);
    } catch (error) {
      log.warn('the history that was saved cannot be used, and begins again', { error: errorMessage(error) });
    }
    this.#savedAt = clock();
    this.#plan();
  }

  /** Saves once more; another process may go on from there. */
  async stop(): Promise<void> {
    if (!this.#cancel) return;
    this.#cancel();
    this.#cancel = undefined;
    await this.#then(() => this.#save());
  }

  read(wanted: HistoryWishes): HistoryRead {
    return this.#book.read(wanted);
  }

  /** Bytes of memory that the figures take. */
  get bytes(): number {
    return this.#book.bytes;
  }

  /** The next reading is in the middle of the next step, so that a late timer leaves out none. */
  #plan(): void {
    const now = this.#options.clock();
    const middle = (Math.floor(now / FINE.stepMs) + 1) * FINE.stepMs + FINE.stepMs / 2;
    this.#cancel = this.#options.timers.after(middle - now, () => {
      this.#plan();
      void this.#then(() => this.#step());
    });
  }

  #then(task: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      this.#options.log.warn('figures could not be kept; please report it', { error: errorMessage(error) });
    });
    return this.#work;
  }

  async #step(): Promise<void> {
    const { read, clock } = this.#options;
    const found = await read();
    const at = clock();
    const readings: Reading[] = [];
    for (const reading of this.#reader.read(at, found))
      if (readings.push(reading) % READINGS_A_TURN === 0) await nextTurn();
    this.#book.record(at, readings, this.#reader.overMinute);
    if (at - this.#savedAt >= SAVE_MS) await this.#save();
  }

  async #save(): Promise<void> {
    const { store, log, clock } = this.#options;
    this.#savedAt = clock();
    try {
      await store.save(this.#book.pieces());
    } catch (error) {
      log.warn('the history cannot be saved; a restart would forget it', { error: errorMessage(error) });
    }
  }
}
