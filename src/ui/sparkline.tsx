/** A small chart of the last minutes. Words say what it shows. */
export function Sparkline({
  values,
  label,
}: {
  /** Oldest first; undefined where nothing is known. */
  readonly values: readonly (number | undefined)[];
  readonly label: string;
}) {
  const known = values.filter((value) => value !== undefined);
  if (known.length < 2) return <svg class="spark" viewBox="0 0 100 24" aria-hidden="true" />;
  return (
    <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={pathOf(values, Math.max(...known))} vector-effect="non-scaling-stroke" />
    </svg>
  );
}

function pathOf(values: readonly (number | undefined)[], most: number): string {
  const step = 100 / Math.max(1, values.length - 1);
  let path = '';
  let isDrawing = false;
  for (const [index, value] of values.entries()) {
    if (value !== undefined) {
      const height = most > 0 ? (value / most) * 21 : 0;
      path += `${isDrawing ? 'L' : 'M'}${(index * step).toFixed(2)} ${(22.5 - height).toFixed(2)}`;
    }
    isDrawing = value !== undefined;
  }
  return path;
}
