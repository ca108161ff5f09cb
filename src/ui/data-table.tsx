import { Component, type ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { FEW_ROWS, rowWindow, seenRows, type RowWindow } from './row-window.js';
import { registerList } from './shortcuts.js';
import { SortedRows, type SortKey } from './sorted-rows.js';

export interface Column<Row> {
  readonly head: string;
  /** What the figures in it mean. */
  readonly hint?: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** Absent: the table does not sort by it. */
  readonly sortBy?: (row: Row) => SortKey;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
}

export interface DataTableProps<Row> {
  readonly label: string;
  readonly rows: readonly Row[];
  /** The first one names the row. */
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  readonly classOf?: (row: Row) => string | undefined;
  /** What stands there when there are no rows. */
  readonly empty: string;
}

interface Sorting {
  readonly head: string;
  readonly isDown: boolean;
}

/**
 * A table that scrolls sideways by itself where the window is narrow, sorts by its columns, and has of many rows only
 * those in the document that are seen. `j` and `k` move in it.
 */
export function DataTable<Row extends object>(props: DataTableProps<Row>) {
  const { label, rows, columns, keyOf, classOf, empty } = props;
  const [sorting, setSorting] = useState<Sorting>();
  const body = useRef<HTMLTableSectionElement>(null);
  const sorted = useSorted(rows, columns, sorting);
  const shown = useUnhurried(sorted, useRowWindow(sorted.length, body));
  useMoving(sorted.length, shown, body);
  if (rows.length === 0) return <p class="dim">{empty}</p>;
  const isLong = sorted.length > FEW_ROWS;
  const { from, to } = shown;
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      <table class={isLong ? 'long' : undefined} aria-rowcount={sorted.length + 1}>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((column) => (
              <Head key={column.head} column={column} sorting={sorting} onSort={setSorting} />
            ))}
          </tr>
        </thead>
        <tbody ref={body}>
          {from > 0 && <Gap rows={from} columns={columns.length} />}
          {sorted.slice(from, to).map((row, index) => (
            <BodyRow
              key={keyOf(row)}
              row={row}
              columns={columns}
              style={classOf?.(row)}
              index={from + index}
            />
          ))}
          {to < sorted.length && <Gap rows={sorted.length - to} columns={columns.length} />}
        </tbody>
      </table>
    </div>
  );
}

interface BodyRowProps<Row> {
  readonly row: Row;
  readonly columns: readonly Column<Row>[];
  readonly style: string | undefined;
  readonly index: number;
}

/** A row of the document. Most changes are about other rows; then it stays as it is. */
class BodyRow<Row> extends Component<BodyRowProps<Row>> {
  override shouldComponentUpdate(next: BodyRowProps<Row>, state: object): boolean {
    // A signal that a cell reads has changed.
    if (state !== this.state) return true;
    const { row, columns, style, index } = this.props;
    return next.row !== row || next.columns !== columns || next.style !== style || next.index !== index;
  }

  override render({ row, columns, style, index }: BodyRowProps<Row>) {
    return (
      <tr class={style} tabIndex={-1} data-index={index} aria-rowindex={index + 2} onKeyDown={openOnEnter}>
        {columns.map((column, at) => cell(column, row, at === 0))}
      </tr>
    );
  }
}

function cell<Row>(column: Column<Row>, row: Row, isName: boolean) {
  const content = column.cell(row);
  if (isName)
    return (
      <th key={column.head} scope="row">
        {content}
      </th>
    );
  return (
    <td key={column.head} class={column.isNumber ? 'n' : undefined}>
      {content}
    </td>
  );
}

function Head<Row>({
  column: { head, hint, sortBy, isNumber },
  sorting,
  onSort,
}: {
  readonly column: Column<Row>;
  readonly sorting: Sorting | undefined;
  readonly onSort: (sorting: Sorting) => void;
}) {
  const isSorted = sorting?.head === head;
  const direction = isSorted && sorting.isDown ? 'descending' : 'ascending';
  return (
    <th
      scope="col"
      class={isNumber ? 'n' : undefined}
      title={hint}
      {...(isSorted && { 'aria-sort': direction })}
    >
      {sortBy ? (
        <button
          type="button"
          class="head"
          onClick={() => onSort({ head, isDown: isSorted ? !sorting.isDown : isNumber === true })}
        >
          {head}
          <span aria-hidden="true">{isSorted ? (sorting.isDown ? ' ↓' : ' ↑') : ''}</span>
        </button>
      ) : (
        head
      )}
    </th>
  );
}

/** Takes the place of rows that are not in the document. */
function Gap({ rows, columns }: { readonly rows: number; readonly columns: number }) {
  return (
    <tr aria-hidden="true" class="gap">
      <td colSpan={columns} style={{ height: `calc(${rows} * var(--row))` }} />
    </tr>
  );
}

/** Rows in the order that the user has chosen. */
function useSorted<Row extends object>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  sorting: Sorting | undefined,
): readonly Row[] {
  const sorted = useMemo(() => {
    const by = columns.find(({ head }) => head === sorting?.head)?.sortBy;
    return by && sorting && new SortedRows(by, sorting.isDown);
  }, [sorting]);
  return sorted?.sort(rows) ?? rows;
}

type Body = { readonly current: HTMLTableSectionElement | null };

/** Which rows are to be in the document, and which of them are seen. */
interface RowWindows {
  readonly near: RowWindow;
  readonly seen: RowWindow;
}

/** They change when the page scrolls. */
function useRowWindow(count: number, body: Body): RowWindows {
  const [, redraw] = useState(0);
  const shown = useRef<RowWindow>({ from: 0, to: 0 });
  const look = (): RowWindows => {
    const all = { from: 0, to: count };
    if (count <= FEW_ROWS) return { near: all, seen: all };
    const place = [count, rowHeight(), -topOf(body), innerHeight] as const;
    return { near: rowWindow(...place), seen: seenRows(...place) };
  };
  useEffect(() => {
    if (count <= FEW_ROWS) return undefined;
    const follow = (): void => {
      const { from, to } = look().near;
      if (shown.current.from !== from || shown.current.to !== to) redraw((times) => times + 1);
    };
    follow();
    addEventListener('scroll', follow, { passive: true });
    addEventListener('resize', follow);
    return () => {
      removeEventListener('scroll', follow);
      removeEventListener('resize', follow);
    };
  }, [count]);
  const windows = look();
  shown.current = windows.near;
  return windows;
}

/** With more new rows than this at once, those that are seen come first. */
const MOST_NEW = 20;

/** The rows to draw now. After a jump to others, those around what is seen are drawn a turn later. */
function useUnhurried(rows: readonly object[], { near, seen }: RowWindows): RowWindow {
  const [, redraw] = useState(0);
  const drawn = useRef<ReadonlySet<object>>(new Set());
  const isTheirTurn = useRef(false);
  const isNew = (row: object): boolean => !drawn.current.has(row);
  const isJump = !isTheirTurn.current && rows.slice(near.from, near.to).filter(isNew).length > MOST_NEW;
  isTheirTurn.current = false;
  const { from, to } = isJump ? seen : near;
  useLayoutEffect(() => {
    drawn.current = new Set(rows.slice(from, to));
  }, [rows, from, to]);
  useEffect(() => {
    if (!isJump || (from === near.from && to === near.to)) return undefined;
    const timer = setTimeout(() => {
      isTheirTurn.current = true;
      redraw((times) => times + 1);
    });
    return () => clearTimeout(timer);
  });
  return { from, to };
}

/** Where the rows begin, in pixels below the top of the window. */
function topOf(body: Body): number {
  return body.current?.getBoundingClientRect().top ?? 0;
}

/** In pixels; the style gives every row of a long table this height. */
function rowHeight(): number {
  const root = getComputedStyle(document.documentElement);
  return parseFloat(root.getPropertyValue('--row')) * parseFloat(root.fontSize);
}

/** `j` and `k`: the focus moves to the next or previous row. */
function useMoving(count: number, { from, to }: RowWindow, body: Body): void {
  const wanted = useRef<number | undefined>(undefined);
  const focus = (): boolean => {
    const row = body.current?.querySelector<HTMLElement>(`tr[data-index="${wanted.current ?? ''}"]`);
    if (!row) return false;
    wanted.current = undefined;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: 'nearest' });
    return true;
  };
  useLayoutEffect(() => {
    focus();
  });
  useEffect(
    () =>
      registerList({
        move: (by) => {
          const focused = document.activeElement?.closest('tr')?.dataset['index'];
          const next = focused === undefined ? (by > 0 ? from : to - 1) : Number(focused) + by;
          wanted.current = Math.max(0, Math.min(count - 1, next));
          if (focus()) return;
          // The row comes into the document when the page has scrolled there.
          const top = topOf(body) + wanted.current * rowHeight();
          scrollBy({ top: top - innerHeight / 2, behavior: 'instant' });
        },
      }),
    [count, from, to],
  );
}

function openOnEnter(event: KeyboardEvent): void {
  const row = event.currentTarget;
  if (event.key !== 'Enter' || event.target !== row || !(row instanceof HTMLElement)) return;
  row.querySelector('a')?.click();
}
