import { markup, type Hole, type Markup } from './markup.js';

/** How good or bad a figure is. Words say it, too: colour alone does not tell everyone (WCAG 2.2, 1.4.1). */
export type Tone = 'good' | 'warn' | 'bad' | 'dim';

export function toned(tone: Tone | undefined, text: Hole): Markup {
  return tone === undefined ? markup`${text}` : markup`<span class="${tone}">${text}</span>`;
}

export interface Column<T> {
  readonly head: string;
  readonly value: (row: T) => Hole;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

/** A table that scrolls by itself where the window is narrow. The first column names the row. */
export function table<T>(label: string, columns: readonly Column<T>[], rows: readonly T[]): Markup {
  const heads = columns.map(({ head, isNumber }) =>
    isNumber ? markup`<th scope="col" class="n">${head}</th>` : markup`<th scope="col">${head}</th>`,
  );
  const lines = rows.map(
    (row) => markup`<tr>${columns.map((column, index) => cell(column, row, index === 0))}</tr>\n`,
  );
  return markup`<div class="scroll" role="region" aria-label="${label}" tabindex="0">
    <table>
      <thead>
        <tr>
          ${heads}
        </tr>
      </thead>
      <tbody>
        ${lines}
      </tbody>
    </table>
  </div> `;
}

function cell<T>({ value, isNumber }: Column<T>, row: T, isName: boolean): Markup {
  if (isName) return markup`<th scope="row">${value(row)}</th>`;
  return isNumber ? markup`<td class="n">${value(row)}</td>` : markup`<td>${value(row)}</td>`;
}

/** Names and values, without those that have none. */
export function fields(rows: readonly (readonly [name: string, value: Hole])[]): Markup {
  const present = rows.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return markup`<dl>
    ${present.map(
      ([name, value]) =>
        markup`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl> `;
}

/** `1,204`, so that a long number can be read. */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** `5.2 MiB`. */
export function size(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit] ?? ''}`;
}

/** `1 task`, `3 tasks`. */
export function counted(value: number, noun: string): string {
  return `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** `healthy 3, draining 1`; zeros are left out. */
export function listed(counts: Readonly<Partial<Record<string, number>>>): string {
  return Object.entries(counts)
    .filter(([, value = 0]) => value > 0)
    .map(([name, value = 0]) => `${name} ${number(value)}`)
    .join(', ');
}

/** An id for a link within the page. Names in keys are DNS labels, so no two keys share one. */
export function anchor(kind: string, key: string): string {
  return `${kind}-${key.replaceAll('/', '.')}`;
}
