import type { CheckJson } from '../api/types/resources.js';
import type { Context } from './context.js';
import type { Cell, Column } from './format/text-table.js';
import { healthTone, shortId } from './format/words.js';
import { ageBetween, formatAge } from '../net/age.js';
import { serviceText } from './task-columns.js';

/** @param now the daemon's clock, milliseconds since the epoch */
export function healthColumns(now: number): readonly Column<CheckJson>[] {
  return [
    { header: 'SERVICE', value: serviceText, shrinks: true },
    { header: 'TASK', value: ({ name }) => name, shrinks: true },
    { header: 'STATE', value: (check) => stateCell(check, now) },
    {
      header: 'SINCE',
      drops: 7,
      value: ({ since }) => ageBetween(since, now),
      sort: ({ since }) => -Date.parse(since),
      align: 'right',
    },
    { header: 'CHECK', drops: 8, value: checkText, shrinks: true },
    { header: 'LAST RESULT', value: (check) => lastCell(check, now), shrinks: true },
    {
      header: 'NEXT',
      drops: 6,
      value: ({ next }) => nextText(next, now),
      sort: ({ next = '' }) => Date.parse(next),
      align: 'right',
    },
  ];
}

export function wideHealthColumns(context: Context): readonly Column<CheckJson>[] {
  return [
    { header: 'RISE', drops: 1, value: ({ rise }) => String(rise), align: 'right' },
    { header: 'FALL', drops: 2, value: ({ fall }) => String(fall), align: 'right' },
    { header: 'ID', drops: 3, value: ({ id }) => shortId(id, context.kept('trunc')), shrinks: true },
    { header: 'FROM', drops: 4, value: ({ from }) => from, shrinks: true },
    { header: 'REASON', drops: 5, value: ({ reason = '' }) => reason, shrinks: true },
  ];
}

function stateCell({ health, heldUntil }: CheckJson, now: number): Cell {
  const left = heldUntil === undefined ? 0 : Date.parse(heldUntil) - now;
  const held = left > 0 ? `, held ${formatAge(left)}` : '';
  return { text: `${health}${held}`, tone: healthTone(health) };
}

/** `tcp 10.42.0.7:80 every 2s`. The text of a ttl check already contains its interval. */
function checkText({ kind, check, intervalMs }: CheckJson): string {
  if (intervalMs === undefined || kind === 'ttl') return check;
  return `${check} every ${intervalText(intervalMs)}`;
}

/** `1.5s`, `1m30s`, `1h`. */
function intervalText(ms: number): string {
  return ms < 60_000 ? `${Math.round(ms / 100) / 10}s` : formatAge(ms);
}

/** `fail 2/3: ECONNREFUSED, 1s ago`: two of the three failures that make the task unhealthy. */
function lastCell({ health, last, passes, failures, rise, fall }: CheckJson, now: number): Cell {
  if (last === undefined) return { text: 'none yet' };
  const age = ageBetween(last.at, now);
  if (last.ok) {
    const still = health === 'healthy' ? '' : ` ${passes}/${rise}`;
    return { text: `pass${still}: ${last.detail}, ${age} ago` };
  }
  const still = health === 'healthy' ? ` ${failures}/${fall}` : '';
  return { text: `fail${still}: ${last.detail}, ${age} ago`, tone: 'bad' };
}

function nextText(next: string | undefined, now: number): string {
  if (next === undefined) return '';
  const left = Date.parse(next) - now;
  if (left < 50) return 'now';
  // Rounded up, so that the event is never later than printed.
  return left < 1000 ? `in ${Math.ceil(left / 100) / 10}s` : `in ${formatAge(Math.ceil(left / 1000) * 1000)}`;
}
