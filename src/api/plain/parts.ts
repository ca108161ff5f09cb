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

/** An id for a link within the page. Names in keys are DNS labels, so no two keys share one. */
export function anchor(kind: string, key: string): string {
  return `${kind}-${key.replaceAll('/', '.')}`;
}
