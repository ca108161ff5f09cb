import type {
  HistoryFigure,
  HistoryKind,
  HistoryRead,
  HistorySeries,
  HistorySubject,
  HistoryWishes,
} from '../net/history-figures.js';
import {
  clearSteps,
  COARSE,
  codeRow,
  FINE,
  foldFine,
  numberRow,
  placeOf,
  rowBytes,
  valuesOf,
  type Row,
  type Tier,
} from './step-rows.js';

/** What a figure is of, and its values now. */
export interface Reading {
  readonly kind: HistoryKind;
  /** Of the same thing always the same, of others another. */
  readonly key: string;
  /** Absent: the daemon. */
  readonly of?: HistorySubject;
  /** Figures of connections and bytes; NaN: not known. A subject with nothing but zeros needs no memory yet. */
  readonly numbers: Readonly<Partial<Record<HistoryFigure, number>>>;
  /** Its health, from 1; the greater, the worse. */
  readonly code?: number;
}

/** Something of which figures are kept. */
interface Kept {
  readonly kind: HistoryKind;
  readonly key: string;
  of: HistorySubject | undefined;
  readonly rows: Map<HistoryFigure, Row>;
  /** The fine step in which it was there last. */
  seen: number;
}

export interface FigureLimits {
  /** Rows of numbers, 8,640 bytes each. */
  readonly numbers: number;
  /** Rows of codes, 2,160 bytes each. */
  readonly codes: number;
}

/** 15.3 million bytes; with what is kept about each subject it stays below 16 MiB. */
export const FIGURE_LIMITS: FigureLimits = { numbers: 1400, codes: 1500 };

/** What the file says before the rows. */
interface Header {
  readonly version: number;
  readonly fine: number;
  readonly coarse: number;
  readonly kept: readonly (Omit<Kept, 'rows'> & { readonly rows: readonly HistoryFigure[] })[];
}

/**
 * Figures of the last hour at 5 s and of the last day at 1 min, in memory of a fixed size. When it is used up, those of
 * what is gone longest make room; what still finds none is counted.
 */
export class FigureBook {
  readonly #limits: FigureLimits;
  readonly #kept = new Map<string, Kept>();
  #numbers = 0;
  #codes = 0;
  #left = 0;
  /** The step in which there was no room for codes or numbers. */
  readonly #fullAt = new Map<boolean, number>();
  /** The steps that were written last. */
  #fine = -1;
  #coarse = -1;

  constructor(limits: FigureLimits = FIGURE_LIMITS) {
    this.#limits = limits;
  }

  /** Bytes of the rows. */
  get bytes(): number {
    return this.#numbers * rowBytes(false) + this.#codes * rowBytes(true);
  }

  /**
   * Writes the values of a step, once. The steps since the last one are unknown.
   * @param at milliseconds since the epoch
   * @param overMinute figures of the minute that is over, which are not the mean of its steps; called if one is
   */
  record(
    at: number,
    readings: Iterable<Reading>,
    overMinute: () => Readonly<Partial<Record<HistoryFigure, number>>>,
  ): void {
    const step = Math.floor(at / FINE.stepMs);
    // The clock was set back a long way: what was recorded lies in the future.
    if (step < this.#fine - FINE.steps) this.#forgetAll();
    if (step <= this.#fine) return;
    if (this.#fine < 0) this.#fine = step - 1;
    const before = this.#coarse;
    const minute = Math.floor(at / COARSE.stepMs) - 1;
    if (before < 0) this.#coarse = minute;
    else if (minute > before) this.#endMinute(minute, overMinute());
    for (const { rows } of this.#kept.values())
      for (const row of rows.values()) clearSteps(row, FINE, this.#fine, step);
    this.#fine = step;
    this.#left = 0;
    for (const reading of readings) this.#write(reading, placeOf(FINE, step));
    this.#forgetGone();
  }

  read({ range, kind, figure, last, fits }: HistoryWishes): HistoryRead {
    const tier = range === '1h' ? FINE : COARSE;
    const end = range === '1h' ? this.#fine : this.#coarse;
    return {
      stepMs: tier.stepMs,
      end: (end + 1) * tier.stepMs,
      left: this.#left,
      series: end < 0 ? [] : this.#series(tier, end, { kind, figure, last, fits }),
    };
  }

  /** The whole book for a file, in pieces. */
  *pieces(): Generator<string | Uint8Array> {
    const all = [...this.#kept.values()];
    const header: Header = {
      version: 1,
      fine: this.#fine,
      coarse: this.#coarse,
      kept: all.map(({ rows, ...rest }) => ({ ...rest, rows: [...rows.keys()] })),
    };
    yield `${JSON.stringify(header)}\n`;
    for (const { rows } of all)
      for (const row of rows.values()) yield new Uint8Array(row.buffer, row.byteOffset, row.byteLength);
  }

  /**
   * Takes what {@link pieces} wrote.
   * @throws Error when it has another form; the book is then empty
   */
  restore(content: Uint8Array): void {
    this.#forgetAll();
    const end = content.indexOf(10);
    const header = JSON.parse(Buffer.from(content.subarray(0, Math.max(0, end))).toString()) as Header;
    if (header.version !== 1) throw new Error('another version of Fairlead wrote it');
    let at = end + 1;
    try {
      for (const { rows, ...rest } of header.kept) {
        const kept: Kept = { ...rest, rows: new Map() };
        for (const figure of rows) {
          const row = this.#newRow(figure === 'health');
          if (!row) throw new Error('it has more than this version keeps');
          const bytes = content.subarray(at, at + row.byteLength);
          if (bytes.length < row.byteLength) throw new Error('it is cut off');
          new Uint8Array(row.buffer).set(bytes);
          kept.rows.set(figure, row);
          at += row.byteLength;
        }
        this.#kept.set(kept.key, kept);
      }
      this.#fine = header.fine;
      this.#coarse = header.coarse;
    } catch (error) {
      this.#forgetAll();
      throw error;
    }
  }

  *#series(tier: Tier, end: number, wanted: Omit<HistoryWishes, 'range'>): Generator<HistorySeries> {
    const { kind, figure: only, last = tier.steps, fits } = wanted;
    for (const { kind: own, of, rows } of this.#kept.values()) {
      if (own !== kind || (of && !fits(of))) continue;
      for (const [figure, row] of rows) {
        if (only !== undefined && figure !== only) continue;
        const isCode = row instanceof Uint8Array;
        const values = Array.from(valuesOf(row, tier, end, last), (value) =>
          isCode ? (value === 0 ? null : value - 1) : rounded(value),
        );
        yield { figure, ...(of && { of }), values };
      }
    }
  }

  #write({ kind, key, of, numbers, code }: Reading, place: number): void {
    const kept = this.#kept.get(key) ?? {
      kind,
      key,
      of,
      rows: new Map<HistoryFigure, Row>(),
      seen: this.#fine,
    };
    kept.of = of;
    kept.seen = this.#fine;
    let missing = 0;
    const put = (figure: HistoryFigure, value: number): void => {
      const row = kept.rows.get(figure) ?? this.#newRow(figure === 'health');
      if (!row) {
        missing += 1;
        return;
      }
      row[place] = value;
      kept.rows.set(figure, row);
    };
    if (code !== undefined) put('health', code);
    const known = Object.entries(numbers).filter(([, value]) => !Number.isNaN(value));
    if (kind === 'daemon' || kept.rows.has('open') || known.some(([, value]) => value > 0))
      for (const [figure, value] of known) put(figure as HistoryFigure, value);
    if (missing > 0) this.#left += 1;
    if (kept.rows.size > 0) this.#kept.set(key, kept);
  }

  #newRow(isCode: boolean): Row | undefined {
    const { numbers, codes } = this.#limits;
    const isFull = (): boolean => (isCode ? this.#codes >= codes : this.#numbers >= numbers);
    while (isFull()) {
      // What finds no room in a step looks for it only once: looking takes time.
      if (this.#fullAt.get(isCode) === this.#fine) return undefined;
      if (!this.#forgetOne(isCode)) this.#fullAt.set(isCode, this.#fine);
    }
    if (isCode) this.#codes += 1;
    else this.#numbers += 1;
    return isCode ? codeRow() : numberRow();
  }

  /** Forgets what is gone longest and has rows of a kind. @returns whether there was any */
  #forgetOne(isCode: boolean): boolean {
    let oldest: Kept | undefined;
    for (const kept of this.#kept.values()) {
      const has = isCode ? kept.rows.has('health') : kept.rows.size > (kept.rows.has('health') ? 1 : 0);
      if (has && kept.seen < this.#fine - 1 && kept.seen < (oldest?.seen ?? Infinity)) oldest = kept;
    }
    if (oldest) this.#forget(oldest);
    return oldest !== undefined;
  }

  #endMinute(minute: number, figures: Readonly<Partial<Record<HistoryFigure, number>>>): void {
    for (const { kind, rows } of this.#kept.values()) {
      for (const [figure, row] of rows) {
        clearSteps(row, COARSE, this.#coarse, minute);
        // The minute that has fine steps may not be the last one: the daemon or the host was away.
        const own = Math.floor((this.#fine * FINE.stepMs) / COARSE.stepMs);
        if (own <= Math.max(this.#coarse, minute - COARSE.steps) || own > minute) continue;
        const given = kind === 'daemon' ? figures[figure] : undefined;
        row[placeOf(COARSE, own)] = given ?? foldFine(row, own);
      }
    }
    this.#coarse = minute;
  }

  /** What was gone for a day has no values left. */
  #forgetGone(): void {
    const day = (COARSE.steps * COARSE.stepMs) / FINE.stepMs;
    for (const kept of this.#kept.values()) if (kept.seen < this.#fine - day) this.#forget(kept);
  }

  #forget({ key, rows }: Kept): void {
    this.#kept.delete(key);
    for (const row of rows.values()) {
      if (row instanceof Uint8Array) this.#codes -= 1;
      else this.#numbers -= 1;
    }
  }

  #forgetAll(): void {
    this.#kept.clear();
    this.#numbers = 0;
    this.#codes = 0;
    this.#fine = -1;
    this.#coarse = -1;
  }
}

/** Three digits after the point are more than a float of 32 bits has. */
function rounded(value: number): number | null {
  return Number.isNaN(value) ? null : Math.round(value * 1000) / 1000;
}
