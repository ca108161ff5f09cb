import { deepEqual } from '../../template/compare.js';
import { FunctionError } from '../../template/template-error.js';
import { ANY, BOOL, INT, INT64, STRING, listType } from '../../template/types.js';
import { GoList, Sized, type Value } from '../../template/value.js';
import { stringList, typeOf } from '../../template/go-values.js';
import { posix } from 'node:path';
import { parseJson, toJson } from './go-json.js';
import { regex, replaceAllGo } from './regex.js';
import {
  isEmpty,
  kindOf,
  named,
  ofMany,
  strval,
  toCount,
  toFloat,
  toInt,
  type Named,
} from './sprig-values.js';
import { SEMVER_FUNCTIONS } from './sprig-semver.js';

const text = (value: Value): string => (typeof value === 'string' ? value : '');
const int64 = (value: bigint): Sized => new Sized(INT64, BigInt.asIntN(64, value));

function divisor(value: Value): bigint {
  const number = toInt(value);
  if (number === 0n) throw new FunctionError('runtime error: integer divide by zero');
  return number;
}

function reduce(args: readonly Value[], work: (a: bigint, b: bigint) => bigint): Value {
  const [first, ...rest] = args;
  return int64(rest.reduce<bigint>((sum, each) => work(sum, toInt(each)), toInt(first)));
}

function reduceFloats(args: readonly Value[], work: (a: number, b: number) => number): Value {
  const [first, ...rest] = args;
  return rest.reduce<number>((sum, each) => work(sum, toFloat(each)), toFloat(first));
}

function round(value: Value, places: number, on = 0.5): number {
  const power = 10 ** places;
  const scaled = toFloat(value) * power;
  const fraction = Math.abs(scaled % 1);
  const whole = fraction >= on ? (scaled > 0 ? Math.ceil(scaled) : Math.floor(scaled)) : Math.trunc(scaled);
  return whole / power;
}

const INTS = listType(INT);

function steps(start: bigint, stop: bigint, step: bigint): GoList {
  const items: bigint[] = [];
  if (step === 0n || (stop < start ? step > 0n : step < 0n)) return new GoList(INTS, items);
  if ((stop - start) / step > 1_000_000n) throw new FunctionError('more than 1000000 numbers');
  for (let value = start; stop < start ? value > stop : value < stop; value += step) items.push(value);
  return new GoList(INTS, items);
}

function sequence(args: readonly Value[]): string {
  const [first, second, third] = args.map(toInt);
  const [start, step, end] =
    third !== undefined
      ? [first, second, third]
      : second !== undefined
        ? [first, undefined, second]
        : [1n, undefined, first];
  if (start === undefined || end === undefined) return '';
  const by = step ?? (end < start ? -1n : 1n);
  return steps(start, end + (by < 0n ? -1n : 1n), by)
    .items.map(String)
    .join(' ');
}

const JSON_STYLE = { escapeHtml: true, indent: 0 };

function regexAll(source: string, value: string, count: number): string[] {
  const matcher = regex(source).matcher(value);
  const out: string[] = [];
  while ((count < 0 || out.length < count) && matcher.find()) out.push(matcher.group() ?? '');
  return out;
}

function regexSplit(source: string, value: string, count: number): string[] {
  if (count === 0) return [];
  const matcher = regex(source).matcher(value);
  const out: string[] = [];
  let from = 0;
  while ((count < 0 || out.length < count - 1) && matcher.find()) {
    if (matcher.end() === 0) continue;
    out.push(value.slice(from, matcher.start()));
    from = matcher.end();
  }
  out.push(value.slice(from));
  return out;
}

/** Functions that have a twin whose name begins with `must`. */
const WITH_MUST: readonly Named[] = [
  named('fromJson', [STRING], ([value]) => parseJson(text(value))),
  named('toJson', [ANY], ([value]) => toJson(value, JSON_STYLE)),
  named('toPrettyJson', [ANY], ([value]) => toJson(value, { escapeHtml: true, indent: 2 })),
  named('toRawJson', [ANY], ([value]) => toJson(value, { escapeHtml: false, indent: 0 })),
  named('regexMatch', [STRING, STRING], ([source, value]) => regex(text(source)).matcher(text(value)).find()),
  named('regexFind', [STRING, STRING], ([source, value]) => regexAll(text(source), text(value), 1)[0] ?? ''),
  named('regexFindAll', [STRING, STRING, INT], ([source, value, count]) =>
    stringList(regexAll(text(source), text(value), toCount(count))),
  ),
  named('regexSplit', [STRING, STRING, INT], ([source, value, count]) =>
    stringList(regexSplit(text(source), text(value), toCount(count))),
  ),
  named('regexReplaceAll', [STRING, STRING, STRING], ([source, value, by]) =>
    replaceAllGo(regex(text(source)), text(value), text(by)),
  ),
  named('regexReplaceAllLiteral', [STRING, STRING, STRING], ([source, value, by]) =>
    replaceAllGo(regex(text(source)), text(value), text(by).replaceAll('$', '$$$$')),
  ),
];

/** Sprig's functions for arithmetic, defaults, types, paths and regular expressions. */
export const SPRIG_MATH: readonly Named[] = [
  ...WITH_MUST,
  ...WITH_MUST.map(([name, called]): Named => [
    `must${name.slice(0, 1).toUpperCase()}${name.slice(1)}`,
    called,
  ]),
  ...SEMVER_FUNCTIONS,
  ofMany('add', (args) => int64(args.reduce<bigint>((sum, each) => sum + toInt(each), 0n))),
  ofMany('mul', (args) => reduce(args, (a, b) => a * b)),
  named('sub', [ANY, ANY], ([a, b]) => int64(toInt(a) - toInt(b))),
  named('div', [ANY, ANY], ([a, b]) => int64(toInt(a) / divisor(b))),
  named('mod', [ANY, ANY], ([a, b]) => int64(toInt(a) % divisor(b))),
  named('add1', [ANY], ([a]) => int64(toInt(a) + 1n)),
  named('add1f', [ANY], ([a]) => toFloat(a) + 1),
  ofMany('addf', (args) => args.reduce<number>((sum, each) => sum + toFloat(each), 0)),
  ofMany('subf', (args) => reduceFloats(args, (a, b) => a - b)),
  ofMany('mulf', (args) => reduceFloats(args, (a, b) => a * b)),
  ofMany('divf', (args) => reduceFloats(args, (a, b) => a / b)),
  ofMany('max', (args) => reduce(args, (a, b) => (a > b ? a : b))),
  ofMany('biggest', (args) => reduce(args, (a, b) => (a > b ? a : b))),
  ofMany('min', (args) => reduce(args, (a, b) => (a < b ? a : b))),
  ofMany('maxf', (args) => reduceFloats(args, Math.max)),
  ofMany('minf', (args) => reduceFloats(args, Math.min)),
  named('ceil', [ANY], ([a]) => Math.ceil(toFloat(a))),
  named('floor', [ANY], ([a]) => Math.floor(toFloat(a))),
  ofMany('round', ([value, places, on]) =>
    round(value, toCount(places), on === undefined ? 0.5 : toFloat(on)),
  ),
  named('atoi', [STRING], ([value]) => (/^[+-]?[0-9]+$/.test(text(value)) ? toInt(value) : 0n)),
  named('int', [ANY], ([value]) => toInt(value)),
  named('int64', [ANY], ([value]) => int64(toInt(value))),
  named('float64', [ANY], ([value]) => toFloat(value)),
  named('toDecimal', [ANY], ([value]) => int64(BigInt(Number.parseInt(strval(value), 8) || 0))),
  named('until', [INT], ([count]) => steps(0n, toInt(count), toInt(count) < 0n ? -1n : 1n)),
  named('untilStep', [INT, INT, INT], ([start, stop, step]) => steps(toInt(start), toInt(stop), toInt(step))),
  ofMany('seq', sequence),
  ofMany('default', ([fallback, value]) => (isEmpty(value) ? fallback : value)),
  named('empty', [ANY], ([value]) => isEmpty(value)),
  ofMany('coalesce', (args) => args.find((arg) => !isEmpty(arg)) ?? null),
  ofMany('all', (args) => !args.some(isEmpty)),
  ofMany('any', (args) => args.some((arg) => !isEmpty(arg))),
  named('ternary', [ANY, ANY, BOOL], ([yes, no, condition]) => (condition === true ? yes : no)),
  named('typeOf', [ANY], ([value]) => (value === undefined || value === null ? '<nil>' : typeOf(value).name)),
  named(
    'typeIs',
    [STRING, ANY],
    ([name, value]) => value !== undefined && value !== null && typeOf(value).name === name,
  ),
  named(
    'typeIsLike',
    [STRING, ANY],
    ([name, value]) =>
      value !== undefined &&
      value !== null &&
      typeOf(value).name.replace(/^\*/, '') === text(name).replace(/^\*/, ''),
  ),
  named('kindOf', [ANY], ([value]) => kindOf(value)),
  named('kindIs', [STRING, ANY], ([name, value]) => kindOf(value) === name),
  named('deepEqual', [ANY, ANY], ([a, b]) => deepEqual(a, b)),
  ...['', 'os'].flatMap((prefix): Named[] => {
    const name = (word: string) =>
      prefix === '' ? word : prefix + word.slice(0, 1).toUpperCase() + word.slice(1);
    return [
      named(
        name('base'),
        [STRING],
        ([path]) => posix.basename(text(path)) || (text(path) === '' ? '.' : '/'),
      ),
      named(name('dir'), [STRING], ([path]) => posix.normalize(posix.dirname(text(path)))),
      named(name('clean'), [STRING], ([path]) => posix.normalize(text(path)).replace(/(?<=.)\/$/, '')),
      named(name('ext'), [STRING], ([path]) => /\.[^./]*$/.exec(text(path))?.[0] ?? ''),
      named(name('isAbs'), [STRING], ([path]) => text(path).startsWith('/')),
    ];
  }),
  named('regexQuoteMeta', [STRING], ([value]) => text(value).replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&')),
];
