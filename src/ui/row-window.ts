/** Which rows of a long table are in the document. */
export interface RowWindow {
  readonly from: number;
  readonly to: number;
}

/** With fewer rows than this, all are in the document. */
export const FEW_ROWS = 80;

/** Rows above and below what is seen, so that scrolling shows no gap before the next frame. */
const MARGIN = 10;

/**
 * @param count of rows
 * @param rowHeight in pixels
 * @param above how many pixels of the rows are above the top of the window; negative: they begin below it
 * @param height of the window
 */
export function rowWindow(count: number, rowHeight: number, above: number, height: number): RowWindow {
  if (count <= FEW_ROWS) return { from: 0, to: count };
  // In steps, so that not every pixel of a scroll makes rows.
  const step = MARGIN / 2;
  const first = Math.floor(Math.max(0, above) / rowHeight / step) * step - MARGIN;
  const from = Math.max(0, Math.min(first, count - 1));
  const shown = Math.ceil(height / rowHeight);
  return { from, to: Math.min(count, from + shown + 3 * MARGIN) };
}

/** Those of them that are seen. */
export function seenRows(count: number, rowHeight: number, above: number, height: number): RowWindow {
  if (count <= FEW_ROWS) return { from: 0, to: count };
  const from = Math.min(count - 1, Math.max(0, Math.floor(above / rowHeight)));
  const to = Math.min(count, Math.max(from + 1, Math.ceil((above + height) / rowHeight)));
  return { from, to };
}
