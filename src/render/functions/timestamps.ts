import { variadic } from '../../template/functions.js';
import type { TemplateFunction } from '../../template/value.js';
import { FunctionError } from '../../template/template-error.js';
import { STRING } from '../../template/types.js';
import { texts } from './strings.js';

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** The parts of Go's reference time, longest first. */
export const LAYOUT_PARTS =
  /January|Jan|Monday|Mon|MST|Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|2006|__2|002|01|02|03|04|05|06|15|PM|pm|_2|[.,](?:0+|9+)(?![0-9])|1|2|3|4|5/g;

/** `time.Format` for a time in UTC. */
export function formatTime(time: Date, layout: string): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const [year, month, day] = [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
  const hour = time.getUTCHours();
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  const yearDay = Math.floor((Date.UTC(year, month, day) - Date.UTC(year, 0, 1)) / 86_400_000) + 1;
  const values: Readonly<Record<string, string>> = {
    January: MONTHS[month] ?? '',
    Jan: (MONTHS[month] ?? '').slice(0, 3),
    Monday: DAYS[time.getUTCDay()] ?? '',
    Mon: (DAYS[time.getUTCDay()] ?? '').slice(0, 3),
    MST: 'UTC',
    '2006': String(year).padStart(4, '0'),
    '06': two(year % 100),
    '01': two(month + 1),
    '1': String(month + 1),
    '02': two(day),
    '2': String(day),
    _2: String(day).padStart(2, ' '),
    '002': String(yearDay).padStart(3, '0'),
    __2: String(yearDay).padStart(3, ' '),
    '15': two(hour),
    '03': two(twelve),
    '3': String(twelve),
    '04': two(time.getUTCMinutes()),
    '4': String(time.getUTCMinutes()),
    '05': two(time.getUTCSeconds()),
    '5': String(time.getUTCSeconds()),
    PM: hour >= 12 ? 'PM' : 'AM',
    pm: hour >= 12 ? 'pm' : 'am',
    '-07:00:00': '+00:00:00',
    '-070000': '+000000',
    '-07:00': '+00:00',
    '-0700': '+0000',
    '-07': '+00',
  };
  return layout.replaceAll(
    LAYOUT_PARTS,
    (part) => values[part] ?? (part.startsWith('Z') ? 'Z' : fraction(time, part)),
  );
}

function fraction(time: Date, part: string): string {
  const digits = String(time.getUTCMilliseconds())
    .padStart(3, '0')
    .padEnd(9, '0')
    .slice(0, part.length - 1);
  if (part[1] === '0') return (part[0] ?? '.') + digits;
  const kept = digits.replace(/0+$/, '');
  return kept === '' ? '' : (part[0] ?? '.') + kept;
}

/** `timestamp`: the current time in a Go layout, or in seconds (`unix`). */
export function timestampFunction(now: () => number): TemplateFunction {
  return variadic([STRING], (args) => {
    if (args.length > 1)
      throw new FunctionError(
        `timestamp: wrong number of arguments, expected 0 or 1, but got ${args.length}`,
      );
    const [layout = '2006-01-02T15:04:05Z07:00'] = texts(args);
    const time = new Date(now());
    return layout === 'unix' ? String(Math.floor(time.getTime() / 1000)) : formatTime(time, layout);
  });
}
