import { describe, expect, it } from 'vitest';
import { FIGURE_LIMITS, FigureBook, type Reading } from '../../src/history/figure-book.js';
import type { HistoryFigure, HistoryWishes } from '../../src/net/history-figures.js';

/** The beginning of a minute. */
const T0 = Date.UTC(2026, 10, 21);
const STEP = 5000;

const daemon = (queries: number): Reading => ({ kind: 'daemon', key: 'daemon', numbers: { queries } });
const task = (id: string, code: number, open = 0): Reading => ({
  kind: 'tasks',
  key: `task ${id}`,
  of: { id, name: id, environment: 'default', stack: 'shop' },
  numbers: { open },
  code,
});

function read(book: FigureBook, wanted: Partial<HistoryWishes> = {}) {
  const { series, ...rest } = book.read({ range: '1h', kind: 'daemon', fits: () => true, ...wanted });
  return { ...rest, series: [...series] };
}

/** The values of the only series. */
function valuesOf(book: FigureBook, wanted: Partial<HistoryWishes> = {}): readonly (number | null)[] {
  const { series } = read(book, wanted);
  if (series.length !== 1) throw new Error(`${series.length} series`);
  return series[0]?.values ?? [];
}

const noMinute = (): Partial<Record<HistoryFigure, number>> => ({});

/** Writes step after step, each in its middle. */
function record(
  book: FigureBook,
  from: number,
  steps: readonly (readonly Reading[])[],
  overMinute = noMinute,
): void {
  for (const [index, readings] of steps.entries())
    book.record(T0 + (from + index) * STEP + STEP / 2, readings, overMinute);
}

describe('steps of an hour', () => {
  it('are read oldest first, up to the one that was written last', () => {
    const book = new FigureBook();
    record(book, 0, [[daemon(1)], [daemon(2)], [daemon(3.25)]]);
    const { stepMs, end } = read(book);
    expect([stepMs, end]).toEqual([5000, T0 + 3 * STEP]);
    expect(valuesOf(book)).toHaveLength(720);
    expect(valuesOf(book, { last: 4 })).toEqual([null, 1, 2, 3.25]);
  });

  it('go round, and keep no more than an hour', () => {
    const book = new FigureBook();
    record(
      book,
      0,
      Array.from({ length: 1500 }, (_, index) => [daemon(index)]),
    );
    const values = valuesOf(book);
    expect(values).toEqual(Array.from({ length: 720 }, (_, index) => 780 + index));
  });

  it('are unknown while the daemon was away, for a while or for days', () => {
    const book = new FigureBook();
    record(book, 0, [[daemon(1)]]);
    record(book, 3, [[daemon(4)]]);
    expect(valuesOf(book, { last: 4 })).toEqual([1, null, null, 4]);
    record(book, 100_000, [[daemon(5)]]);
    expect(valuesOf(book).filter((value) => value !== null)).toEqual([5]);
    expect(valuesOf(book, { range: '24h' }).filter((value) => value !== null)).toEqual([]);
  });

  it('are written once, and stand a clock that is set back', () => {
    const book = new FigureBook();
    record(book, 10, [[daemon(1)]]);
    record(book, 10, [[daemon(2)]]);
    record(book, 8, [[daemon(3)]]);
    expect(valuesOf(book, { last: 2 })).toEqual([null, 1]);
    record(book, 11, [[daemon(4)]]);
    expect(valuesOf(book, { last: 2 })).toEqual([1, 4]);
    // By more than an hour: it begins again.
    record(book, -2000, [[daemon(7)]]);
    expect(valuesOf(book, { last: 2 })).toEqual([null, 7]);
  });

  it('hold a task that is gone, until a day after', () => {
    const book = new FigureBook();
    record(book, 0, [[task('a', 1)], [], [task('b', 2)]]);
    const of = (id: string) =>
      ({ kind: 'tasks', last: 3, fits: (each: { id?: string }) => each.id === id }) as const;
    expect(valuesOf(book, of('a'))).toEqual([0, null, null]);
    expect(valuesOf(book, of('b'))).toEqual([null, null, 1]);
    record(book, 17_282, [[]]);
    expect(read(book, { kind: 'tasks' }).series.map((each) => each.of?.id)).toEqual(['b']);
  });
});

describe('steps of a day', () => {
  it('are the mean of numbers, the worst of health, and what is given for percentiles', () => {
    const book = new FigureBook();
    const minute = Array.from({ length: 12 }, (_, index) => [
      daemon(index),
      { kind: 'daemon' as const, key: 'p', numbers: { p99: 100 } },
      task('a', index === 4 ? 6 : 1),
    ]);
    record(book, 0, minute);
    expect(valuesOf(book, { range: '24h', kind: 'daemon', figure: 'queries', last: 1 })).toEqual([null]);
    record(book, 12, [[daemon(50)]], () => ({ p99: 900 }));
    const { end, stepMs } = read(book, { range: '24h' });
    expect([end, stepMs]).toEqual([T0 + 60_000, 60_000]);
    expect(valuesOf(book, { range: '24h', figure: 'queries', last: 2 })).toEqual([null, 5.5]);
    expect(valuesOf(book, { range: '24h', figure: 'p99', last: 1 })).toEqual([900]);
    expect(valuesOf(book, { range: '24h', kind: 'tasks', figure: 'health', last: 1 })).toEqual([5]);
  });

  it('keep a day', () => {
    const book = new FigureBook();
    record(
      book,
      0,
      Array.from({ length: 12 * 1500 + 1 }, (_, index) => [daemon(Math.floor(index / 12))]),
    );
    expect(valuesOf(book, { range: '24h' })).toEqual(Array.from({ length: 1440 }, (_, index) => 60 + index));
  });
});

describe('memory', () => {
  it('is never more than 16 MiB, and a subject without traffic takes little', () => {
    const book = new FigureBook();
    const crowd = (open: number) => Array.from({ length: 3000 }, (_, index) => task(`t${index}`, 1, open));
    record(book, 0, [crowd(0)]);
    expect(book.bytes).toBe(FIGURE_LIMITS.codes * 2160);
    expect(read(book).left).toBe(1500);
    record(book, 1, [crowd(1)]);
    expect(book.bytes).toBe(FIGURE_LIMITS.codes * 2160 + FIGURE_LIMITS.numbers * 8640);
    expect(book.bytes).toBeLessThan(16 * 2 ** 20 - 500_000);
    expect(read(book).left).toBe(1600);
    expect(read(book, { kind: 'tasks', figure: 'health', last: 2 }).series).toHaveLength(1500);
  });

  it('makes room by what is gone longest, and never by what is there', () => {
    const book = new FigureBook({ numbers: 10, codes: 2 });
    const ids = (): (string | undefined)[] =>
      read(book, { kind: 'tasks', figure: 'health' }).series.map(({ of }) => of?.id);
    record(book, 0, [[task('a', 1), task('b', 1)], [task('b', 1)], [], [task('c', 1)]]);
    expect(ids()).toEqual(['b', 'c']);
    record(book, 4, [[task('c', 1), task('d', 1)]]);
    expect(ids()).toEqual(['c', 'd']);
    record(book, 5, [[task('c', 1), task('d', 1), task('e', 1)]]);
    expect([ids(), read(book).left]).toEqual([['c', 'd'], 1]);
  });
});

describe('the file', () => {
  const whole = (book: FigureBook): Uint8Array =>
    Buffer.concat([...book.pieces()].map((piece) => Buffer.from(piece)));

  it('restores the same figures, and the steps go on behind a gap', () => {
    const book = new FigureBook();
    record(
      book,
      0,
      Array.from({ length: 30 }, (_, index) => [daemon(index), task('a', 1 + (index % 6), index)]),
    );
    const other = new FigureBook();
    other.restore(whole(book));
    for (const kind of ['daemon', 'tasks'] as const)
      for (const range of ['1h', '24h'] as const)
        expect(read(other, { kind, range })).toEqual(read(book, { kind, range }));
    expect(other.bytes).toBe(book.bytes);
    record(other, 32, [[daemon(99)]]);
    expect(valuesOf(other, { last: 4 })).toEqual([29, null, null, 99]);
  });

  it('of another version, or cut off, is not taken, and leaves an empty book', () => {
    const book = new FigureBook();
    record(book, 0, [[daemon(1), task('a', 1, 5)]]);
    const file = whole(book);
    const bad = [file.subarray(0, -1), file.subarray(0, 10), Buffer.from(''), Buffer.from('{"version":2}\n')];
    for (const content of bad) {
      const other = new FigureBook();
      expect(() => other.restore(content)).toThrow();
      expect([other.bytes, read(other).series]).toEqual([0, []]);
      record(other, 0, [[daemon(1)]]);
      expect(valuesOf(other, { last: 1 })).toEqual([1]);
    }
  });
});
