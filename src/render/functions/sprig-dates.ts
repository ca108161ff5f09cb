import { FunctionError } from '../../template/template-error.js';
import { ANY, STRING } from '../../template/types.js';
import { Sized, type Value } from '../../template/value.js';
import { formatGoDuration, parseGoDuration } from './go-duration.js';
import { isTime, millisecondsOf, parseTime, timeOf, ZERO_TIME } from './go-time.js';
import { named, type Named } from './sprig-values.js';

const NANOSECONDS = 1_000_000n;
const SECOND = 1_000_000_000n;

/** Largest first: a year has 365 days here, a month 30. */
const ROUND_UNITS: readonly (readonly [string, bigint])[] = [
  ['y', 365n * 86_400n * SECOND],
  ['mo', 30n * 86_400n * SECOND],
  ['d', 86_400n * SECOND],
  ['h', 3600n * SECOND],
  ['m', 60n * SECOND],
  ['s', SECOND],
];

const textOf = (value: Value): string => (typeof value === 'string' ? value : '');

/** How long ago a time, or seconds since the epoch, is, in nanoseconds; 0 of anything else. */
function since(date: Value, now: number): bigint {
  const then = momentOf(date);
  return then === undefined ? 0n : BigInt(Math.round(now - then)) * NANOSECONDS;
}

/** Milliseconds since the epoch. */
function momentOf(date: Value): number | undefined {
  if (isTime(date)) return millisecondsOf(date);
  if (typeof date === 'bigint') return Number(date) * 1000;
  return date instanceof Sized ? Number(date.value) * 1000 : undefined;
}

function rounded(nanoseconds: bigint): string {
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const [unit, scale] = ROUND_UNITS.find(([, each]) => size > each) ?? ['s', SECOND];
  return `${size > scale ? size / scale : 0n}${unit}`;
}

function quietly<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FunctionError) return otherwise;
    throw error;
  }
}

function demandTime(value: Value, name: string) {
  if (isTime(value)) return value;
  throw new FunctionError(`${name}: the argument must be a time, such as that of sprig_toDate`);
}

function moved(duration: Value, date: Value, name: string) {
  const by = Number(parseGoDuration(textOf(duration)) / NANOSECONDS);
  return timeOf(millisecondsOf(demandTime(date, name)) + by);
}

/** Sprig's functions on durations and times, in UTC. @param now milliseconds since the epoch */
export function sprigDates(now: () => number): readonly Named[] {
  return [
    named('ago', [ANY], ([date]) => {
      const exact = since(date, now());
      const half = exact < 0n ? -SECOND / 2n : SECOND / 2n;
      return formatGoDuration(((exact + half) / SECOND) * SECOND);
    }),
    named('duration', [ANY], ([value]) => {
      const seconds =
        value instanceof Sized
          ? value.value
          : typeof value === 'string' && /^[+-]?\d+$/.test(value)
            ? BigInt(value)
            : 0n;
      return formatGoDuration(seconds * SECOND);
    }),
    named('durationRound', [ANY], ([value]) => {
      if (typeof value === 'string') return rounded(quietly(() => parseGoDuration(value), 0n));
      if (isTime(value)) return rounded(since(value, now()));
      return rounded(value instanceof Sized ? value.value : 0n);
    }),
    named('toDate', [STRING, STRING], ([layout, text]) =>
      quietly(() => parseTime(textOf(layout), textOf(text)), ZERO_TIME),
    ),
    named('mustToDate', [STRING, STRING], ([layout, text]) => parseTime(textOf(layout), textOf(text))),
    named('mustDateModify', [STRING, ANY], ([duration, date]) => moved(duration, date, 'mustDateModify')),
    named('must_date_modify', [STRING, ANY], ([duration, date]) => moved(duration, date, 'must_date_modify')),
    named('unixEpoch', [ANY], ([date]) =>
      String(Math.floor(millisecondsOf(demandTime(date, 'unixEpoch')) / 1000)),
    ),
  ];
}
