import type { Paint, Tone } from './style.js';
import { padEnd, padStart, plain, textWidth, truncateMiddle } from './text.js';

export interface Cell {
  readonly text: string;
  readonly tone?: Tone | undefined;
}

export interface Column<Row> {
  /** Upper case. */
  readonly header: string;
  readonly value: (row: Row) => string | Cell;
  /** The value that `--sort` compares, if it is not the text: a time, a size. */
  readonly sort?: (row: Row) => string | number;
  readonly align?: 'left' | 'right';
  /** Whether the cell may lose its middle on a narrow terminal. */
  readonly shrinks?: boolean;
  /** Columns with a number are left out if the terminal is still too narrow, the lowest number first. */
  readonly drops?: number;
}

export interface TableOptions {
  readonly paint: Paint;
  readonly headers?: boolean;
  /** The width of the terminal in columns; absent: no limit. */
  readonly width?: number | undefined;
  /** Called with the header of each column that is left out. */
  readonly onDropped?: (header: string) => void;
}

const GAP = '  ';
/** A column never becomes narrower than this, or than its header. */
const NARROWEST = 8;

function narrowest({ header }: { readonly header: string }): number {
  return Math.max(NARROWEST, textWidth(header));
}

/** Aligned columns without borders; empty cells are `-`, so that every row has as many words as there are headers. */
export function renderTable<Row>(
  rows: readonly Row[],
  wanted: readonly Column<Row>[],
  { paint, headers = true, width, onDropped = () => undefined }: TableOptions,
): string {
  const columns = thoseThatFit(rows, wanted, { headers, width }, onDropped);
  const body = rows.map((row) =>
    columns.map(({ value }) => {
      const cell = value(row);
      const { text, tone } = typeof cell === 'string' ? { text: cell, tone: undefined } : cell;
      return { text: plain(text) || '-', tone };
    }),
  );
  const heads = headers ? [columns.map(({ header }) => ({ text: header, tone: 'dim' as const }))] : [];
  const all: readonly (readonly Cell[])[] = [...heads, ...body];
  const widths = fit(
    columns,
    columns.map((_, index) => Math.max(0, ...all.map((cells) => textWidth(cells[index]?.text ?? '')))),
    width,
  );
  const lines = all.map((cells) =>
    cells
      .map(({ text, tone }, index) => {
        const wide = widths[index] ?? 0;
        const cut = truncateMiddle(text, wide);
        const right = columns[index]?.align === 'right';
        const padded = right ? padStart(cut, wide) : index === cells.length - 1 ? cut : padEnd(cut, wide);
        return paint(tone, padded);
      })
      .join(GAP),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Leaves columns out until the others fit when shrunk as far as allowed. */
function thoseThatFit<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { headers, width }: { readonly headers: boolean; readonly width: number | undefined },
  onDropped: (header: string) => void,
): readonly Column<Row>[] {
  if (width === undefined) return columns;
  const least = new Map(
    columns.map((column) => {
      const texts = rows.map((row) => {
        const cell = column.value(row);
        return plain(typeof cell === 'string' ? cell : cell.text) || '-';
      });
      const widest = [...(headers ? [column.header] : []), ...texts].reduce(
        (most, text) => Math.max(most, textWidth(text)),
        0,
      );
      return [column, column.shrinks === true ? Math.min(widest, narrowest(column)) : widest];
    }),
  );
  let left = columns;
  const total = () =>
    left.reduce((sum, column) => sum + (least.get(column) ?? 0), GAP.length * (left.length - 1));
  while (total() > width) {
    const [first] = left
      .filter(({ drops }) => drops !== undefined)
      .sort((a, b) => (a.drops ?? 0) - (b.drops ?? 0));
    if (!first) break;
    onDropped(first.header);
    left = left.filter((column) => column !== first);
  }
  return left;
}

/** Shrinks the widest columns that may shrink until the table fits. */
function fit<Row>(
  columns: readonly Column<Row>[],
  natural: readonly number[],
  width: number | undefined,
): number[] {
  const widths = [...natural];
  const total = () => widths.reduce((sum, each) => sum + each, GAP.length * (widths.length - 1));
  while (width !== undefined && total() > width) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      const own = widths[index] ?? 0;
      if (column.shrinks === true && own > narrowest(column) && own > (widths[widest] ?? 0)) widest = index;
    }
    if (widest < 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
}

/** `key   value` lines, the values aligned; keys without a value are left out. */
export function renderFields(
  fields: readonly (readonly [key: string, value: string | Cell | undefined])[],
  paint: Paint,
): string {
  const present = fields.flatMap(([key, value]) => {
    const cell = typeof value === 'string' ? { text: value, tone: undefined } : value;
    return cell === undefined || cell.text === '' ? [] : [{ key, ...cell }];
  });
  const width = Math.max(0, ...present.map(({ key }) => textWidth(key)));
  return present
    .map(({ key, text, tone }) => `  ${paint('dim', padEnd(key, width))}  ${paint(tone, plain(text))}\n`)
    .join('');
}
