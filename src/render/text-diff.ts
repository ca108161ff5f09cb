const CONTEXT = 3;
/** Above this number of line pairs, lines are not compared one by one. */
const MAX_PAIRS = 4_000_000;

interface Line {
  mark: ' ' | '-' | '+';
  text: string;
}

/** The difference between two texts in unified format. Empty if there is none. */
export function unifiedDiff(before: string, after: string, beforeName: string, afterName: string): string {
  if (before === after) return '';
  const lines = compare(splitLines(before), splitLines(after));
  return `--- ${beforeName}\n+++ ${afterName}\n${hunks(lines)}`;
}

function splitLines(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

function compare(before: string[], after: string[]): Line[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let [endA, endB] = [before.length, after.length];
  while (endA > start && endB > start && before[endA - 1] === after[endB - 1]) {
    endA -= 1;
    endB -= 1;
  }
  const same = (text: string): Line => ({ mark: ' ', text });
  return [
    ...before.slice(0, start).map(same),
    ...middle(before.slice(start, endA), after.slice(start, endB)),
    ...before.slice(endA).map(same),
  ];
}

/** Uses the longest common subsequence. If that would take too long, removes all old lines and adds all new ones. */
function middle(a: string[], b: string[]): Line[] {
  if (a.length * b.length > MAX_PAIRS) {
    return [...a.map((text): Line => ({ mark: '-', text })), ...b.map((text): Line => ({ mark: '+', text }))];
  }
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const out: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      out.push({ mark: ' ', text: a[i] ?? '' });
      i += 1;
      j += 1;
    } else if (j >= b.length || (i < a.length && at(i + 1, j) >= at(i, j + 1))) {
      out.push({ mark: '-', text: a[i] ?? '' });
      i += 1;
    } else {
      out.push({ mark: '+', text: b[j] ?? '' });
      j += 1;
    }
  }
  return out;
}

function hunks(lines: Line[]): string {
  let out = '';
  let [oldLine, newLine] = [1, 1];
  for (let at = 0; at < lines.length;) {
    const change = lines.findIndex((line, index) => index >= at && line.mark !== ' ');
    if (change < 0) break;
    const start = Math.max(at, change - CONTEXT);
    const end = endOfHunk(lines, change);
    oldLine += start - at;
    newLine += start - at;
    const hunk = lines.slice(start, end);
    const [olds, news] = [
      hunk.filter(({ mark }) => mark !== '+').length,
      hunk.filter(({ mark }) => mark !== '-').length,
    ];
    out += `@@ -${place(oldLine, olds)} +${place(newLine, news)} @@\n${hunk.map(({ mark, text }) => `${mark}${text}\n`).join('')}`;
    oldLine += olds;
    newLine += news;
    at = end;
  }
  return out;
}

function place(line: number, count: number): string {
  return count === 1 ? String(line) : `${count === 0 ? line - 1 : line},${count}`;
}

/** Changes separated by less than twice the context share a hunk. */
function endOfHunk(lines: Line[], change: number): number {
  let last = change;
  for (let at = change; at < lines.length && at - last <= 2 * CONTEXT; at += 1)
    if (lines[at]?.mark !== ' ') last = at;
  return Math.min(lines.length, last + CONTEXT + 1);
}
