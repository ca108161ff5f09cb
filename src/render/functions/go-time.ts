import { fixed } from '../../template/functions.js';
import { quote } from '../../template/quote.js';
import { FunctionError } from '../../template/template-error.js';
import { BOOL, INT64, STRING } from '../../template/types.js';
import { GoStruct, Sized, type TemplateFunction, type Type, type Value } from '../../template/value.js';
import { DAYS, MONTHS, LAYOUT_PARTS, formatTime } from './timestamps.js';

const STAMP = '2006-01-02 15:04:05.999999999 -0700';

/** Milliseconds of Go's zero time, 1 January of the year 1. */
const ZERO_MS = Date.UTC(2001, 0, 1) - 2000 * 365.2425 * 86_400_000;

const int = (read: (time: Date) => number): TemplateFunction =>
  fixed([TIME_SELF], ([self]) => BigInt(read(dateOf(self))));

/** `time.Time`, in UTC: a file must not depend on the time zone of the host that renders it. */
const TIME_SELF: Type = { kind: 'interface', name: 'interface {}' };
const TIME: Type = {
  kind: 'struct',
  name: 'time.Time',
  named: true,
  methods: new Map<string, TemplateFunction>([
    [
      'Format',
      fixed([TIME_SELF, STRING], ([self, layout]) =>
        formatTime(dateOf(self), typeof layout === 'string' ? layout : ''),
      ),
    ],
    ['String', fixed([TIME_SELF], ([self]) => timeText(self))],
    [
      'Unix',
      fixed([TIME_SELF], ([self]) => new Sized(INT64, BigInt(Math.floor(dateOf(self).getTime() / 1000)))),
    ],
    ['UnixMilli', fixed([TIME_SELF], ([self]) => new Sized(INT64, BigInt(dateOf(self).getTime())))],
    ['Year', int((time) => time.getUTCFullYear())],
    ['Day', int((time) => time.getUTCDate())],
    ['Hour', int((time) => time.getUTCHours())],
    ['Minute', int((time) => time.getUTCMinutes())],
    ['Second', int((time) => time.getUTCSeconds())],
    ['Month', fixed([TIME_SELF], ([self]) => MONTHS[dateOf(self).getUTCMonth()] ?? '')],
    ['Weekday', fixed([TIME_SELF], ([self]) => DAYS[dateOf(self).getUTCDay()] ?? '')],
    ['IsZero', fixed([TIME_SELF], ([self]) => dateOf(self).getTime() === ZERO_MS)],
    ['UTC', fixed([TIME_SELF], ([self]) => self)],
    ['Before', fixed([TIME_SELF, TIME_SELF], ([a, b]) => dateOf(a) < dateOf(b))],
    ['After', fixed([TIME_SELF, TIME_SELF], ([a, b]) => dateOf(a) > dateOf(b))],
  ]),
  fields: new Map(),
  fieldTypes: [BOOL],
};

/** A point in time, from milliseconds since the epoch. */
export function timeOf(milliseconds: number): GoStruct {
  return new GoStruct(TIME, [BigInt(milliseconds)]);
}

/** Go's zero time. */
export const ZERO_TIME = timeOf(ZERO_MS);

export function isTime(value: Value): value is GoStruct {
  return value instanceof GoStruct && value.type === TIME;
}

function dateOf(value: Value): Date {
  return new Date(isTime(value) ? millisecondsOf(value) : ZERO_MS);
}

export function millisecondsOf(time: GoStruct): number {
  const [milliseconds] = time.values;
  return typeof milliseconds === 'bigint' ? Number(milliseconds) : 0;
}

/** As Go prints a time: `2017-12-31 00:00:00 +0000 UTC`. */
function timeText(value: Value): string {
  return `${formatTime(dateOf(value), STAMP)} UTC`;
}

interface Parsed {
  year: number;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  fraction: number;
  /** Minutes east of UTC. */
  zone: number;
  isPm: boolean | undefined;
}

type Reader = readonly [form: RegExp, take: (found: string, into: Parsed) => void];

const number = (form: RegExp, name: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second'): Reader => [
  form,
  (found, into) => (into[name] = Number(found)),
];
const named = (
  names: readonly string[],
  length: number | undefined,
  take: (index: number, into: Parsed) => void,
): Reader => {
  const short = names.map((name) => name.slice(0, length));
  return [
    new RegExp(`^(?:${short.join('|')})`, 'i'),
    (found, into) => {
      take(
        short.findIndex((each) => each.toLowerCase() === found.toLowerCase()),
        into,
      );
    },
  ];
};
const zone: Reader['1'] = (found, into) => {
  const match = /^([+-])(\d\d):?(\d\d)?/.exec(found);
  if (match) into.zone = (match[1] === '-' ? -1 : 1) * (Number(match[2]) * 60 + Number(match[3] ?? 0));
};
const month = (index: number, into: Parsed) => (into.month = index + 1);

const READERS: Readonly<Record<string, Reader>> = {
  January: named(MONTHS, undefined, month),
  Jan: named(MONTHS, 3, month),
  Monday: named(DAYS, undefined, () => undefined),
  Mon: named(DAYS, 3, () => undefined),
  MST: [/^(?:UTC|GMT)/, () => undefined],
  '2006': number(/^\d{4}/, 'year'),
  '06': [/^\d\d/, (found, into) => (into.year = Number(found) + (Number(found) >= 69 ? 1900 : 2000))],
  '01': number(/^\d\d/, 'month'),
  '1': number(/^\d\d?/, 'month'),
  '02': number(/^\d\d/, 'day'),
  '2': number(/^\d\d?/, 'day'),
  _2: number(/^ ?\d\d?/, 'day'),
  '15': number(/^\d\d/, 'hour'),
  '03': number(/^\d\d/, 'hour'),
  '3': number(/^\d\d?/, 'hour'),
  '04': number(/^\d\d/, 'minute'),
  '4': number(/^\d\d?/, 'minute'),
  '05': number(/^\d\d/, 'second'),
  '5': number(/^\d\d?/, 'second'),
  PM: [/^(?:AM|PM)/, (found, into) => (into.isPm = found === 'PM')],
  pm: [/^(?:am|pm)/, (found, into) => (into.isPm = found === 'pm')],
  'Z07:00': [/^(?:Z|[+-]\d\d:\d\d)/, zone],
  Z0700: [/^(?:Z|[+-]\d{4})/, zone],
  '-07:00': [/^[+-]\d\d:\d\d/, zone],
  '-0700': [/^[+-]\d{4}/, zone],
  '-07': [/^[+-]\d\d/, zone],
};

/** `time.Parse`. @throws FunctionError */
export function parseTime(layout: string, text: string): GoStruct {
  const problem = (part: string) =>
    new FunctionError(
      `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(part)}`,
    );
  const into: Parsed = {
    year: 0,
    month: 1,
    day: 1,
    hour: 0,
    minute: 0,
    second: 0,
    fraction: 0,
    zone: 0,
    isPm: undefined,
  };
  let rest = text;
  for (const part of layout.split(new RegExp(`(${LAYOUT_PARTS.source})`, 'g'))) {
    // A fraction has been read with the seconds in front of it.
    if (/^(?:[.,](?:0+|9+))?$/.test(part)) continue;
    const reader = READERS[part];
    if (reader === undefined) {
      if (!rest.startsWith(part)) throw problem(part);
      rest = rest.slice(part.length);
      continue;
    }
    const found = reader[0].exec(rest)?.[0];
    if (found === undefined) throw problem(part);
    reader[1](found, into);
    rest = rest.slice(found.length);
    if (part === '05' || part === '5') {
      // Go takes a fraction after seconds, whether the layout has one or not.
      const fraction = /^[.,]\d+/.exec(rest)?.[0] ?? '';
      into.fraction = Number(`0.${fraction.slice(1) || '0'}`);
      rest = rest.slice(fraction.length);
    }
  }
  if (rest !== '') throw new FunctionError(`parsing time ${quote(text)}: extra text: ${quote(rest)}`);
  return timeOf(millisecondsOfParts(into, text));
}

function millisecondsOfParts(parts: Parsed, text: string): number {
  const { year, month: monthOf, day, minute, second, fraction } = parts;
  const hour = parts.isPm === undefined ? parts.hour : (parts.hour % 12) + (parts.isPm ? 12 : 0);
  const time = new Date(0);
  time.setUTCFullYear(year, monthOf - 1, day);
  const outOfRange = (what: string) => new FunctionError(`parsing time ${quote(text)}: ${what} out of range`);
  if (monthOf < 1 || monthOf > 12) throw outOfRange('month');
  if (day < 1 || time.getUTCDate() !== day) throw outOfRange('day');
  if (hour > 23) throw outOfRange('hour');
  if (minute > 59) throw outOfRange('minute');
  if (second > 59) throw outOfRange('second');
  time.setUTCHours(hour, minute, second, Math.floor(fraction * 1000));
  return time.getTime() - parts.zone * 60_000;
}
