import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CatalogReader } from '../../catalog/catalog.js';
import { every, type Timers } from '../../runtime/timers.js';
import { errorMessage } from '../../net/error-message.js';
import type { Log } from '../../net/log.js';
import type { FigureOptionsJson } from '../types/stream.js';
import type { Outlet } from './outlet.js';

/** The parts of a message, as texts: `"vips":[...]`. What is long is made in pieces. */
export type FigureParts = (wanted: FigureOptionsJson) => AsyncIterable<string>;

export interface FigureFeedOptions {
  readonly catalog: Pick<CatalogReader, 'onChange'>;
  readonly parts: FigureParts;
  readonly log: Pick<Log, 'error'>;
  readonly timers: Pick<Timers, 'after'>;
}

interface Reader {
  readonly outlet: Outlet;
  readonly wanted: FigureOptionsJson;
  /** What it wants, apart from how often: readers of one wish get one text. */
  readonly wish: string;
  /** Milliseconds since its last message. */
  waited: number;
}

/** How often it is looked who is due. */
const TICK_MS = 1000;
/** How long after a change of the catalog the figures follow, for those who named no time of their own. */
const SOON_MS = 100;
/** A client with more bytes waiting gets no figures until it has read them: the next ones replace these anyway. */
const FULL_BYTES = 64 * 1024;
/** How many pieces are put together before others get a turn. */
const PIECES_A_TURN = 200;

/** Figures that are read again and again: connections, probes, counters. They are made only while someone wants them. */
export class FigureFeed {
  readonly #options: FigureFeedOptions;
  readonly #readers = new Set<Reader>();
  #stopTicks: (() => void) | undefined;
  #cancelSoon: (() => void) | undefined;

  constructor(options: FigureFeedOptions) {
    this.#options = options;
  }

  /** @returns ends it */
  subscribe(outlet: Outlet, wanted: FigureOptionsJson): () => void {
    const reader: Reader = {
      outlet,
      wanted,
      wish: JSON.stringify({ ...wanted, everyMs: undefined }),
      waited: 0,
    };
    this.#readers.add(reader);
    this.#stopTicks ??= this.#start();
    void this.#send([reader]);
    return () => this.#forget(reader);
  }

  #start(): () => void {
    const { catalog, timers } = this.#options;
    const stop = every(timers, TICK_MS, () => this.#tick());
    const unsubscribe = catalog.onChange(() => {
      this.#cancelSoon ??= timers.after(SOON_MS, () => {
        this.#cancelSoon = undefined;
        void this.#send([...this.#readers].filter(({ wanted }) => wanted.everyMs === undefined));
      });
    });
    return () => {
      stop();
      unsubscribe();
      this.#cancelSoon?.();
      this.#cancelSoon = undefined;
    };
  }

  #forget(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#stopTicks?.();
    this.#stopTicks = undefined;
  }

  #tick(): void {
    const due = [...this.#readers].filter((reader) => {
      reader.waited += TICK_MS;
      return reader.waited >= (reader.wanted.everyMs ?? TICK_MS);
    });
    void this.#send(due);
  }

  async #send(due: readonly Reader[]): Promise<void> {
    const texts = new Map<string, Promise<string>>();
    for (const reader of due) {
      if (reader.outlet.waiting > FULL_BYTES) continue;
      reader.waited = 0;
      const made = texts.get(reader.wish) ?? this.#text(reader.wanted);
      texts.set(reader.wish, made);
      try {
        const text = await made;
        if (this.#readers.has(reader)) reader.outlet.send(text);
      } catch (error) {
        this.#options.log.error('figures for a client of /v1/stream could not be made', {
          error: errorMessage(error),
        });
        return;
      }
    }
  }

  async #text(wanted: FigureOptionsJson): Promise<string> {
    const pieces: string[] = [];
    for await (const piece of this.#options.parts(wanted)) {
      pieces.push(piece);
      if (pieces.length % PIECES_A_TURN === 0) await nextTurn();
    }
    return pieces.join('');
  }
}
