import { formatBool, formatFloatVerb, formatInteger, formatString } from './format-scalar.js';
import { noFlags, pad, type FormatFlags } from './format-flags.js';
import { sortedKeys } from './map-order.js';
import {
  ComplexValue,
  GoFunction,
  GoList,
  GoMap,
  GoStruct,
  NilPointer,
  Sized,
  type Call,
  type Value,
} from './value.js';
import { typeOf } from './go-values.js';

/** Deeper values are replaced by `...`. In Go only a cycle could be this deep. */
const MAX_DEPTH = 200;

/** A value as `fmt` prints it under a verb. */
export function formatValue(value: Value, verb: string, flags: FormatFlags, depth = 0): string {
  if (value === undefined || value === null) return nothing(verb, flags, depth);
  if (typeof value === 'string') return formatString(value, verb, flags) ?? badVerb(value, verb, flags);
  if (typeof value === 'bigint')
    return formatInteger(value, verb, flags, true) ?? badVerb(value, verb, flags);
  if (typeof value === 'number') return formatFloatVerb(value, verb, flags) ?? badVerb(value, verb, flags);
  if (typeof value === 'boolean') return formatBool(value, verb, flags) ?? badVerb(value, verb, flags);
  if (value instanceof Sized) {
    return formatInteger(value.value, verb, flags, value.type.kind === 'int') ?? badVerb(value, verb, flags);
  }
  if (value instanceof ComplexValue) return formatComplex(value, verb, flags) ?? badVerb(value, verb, flags);
  return formatComposite(value, verb, flags, depth);
}

type Composite = GoList | GoMap | GoStruct | NilPointer | GoFunction;

function nothing(verb: string, flags: FormatFlags, depth: number): string {
  if (depth > 0) return flags.sharpV ? 'interface {}(nil)' : '<nil>';
  return verb === 'v' || verb === 'T' ? pad('<nil>', flags) : `%!${verb}(<nil>)`;
}

function badVerb(value: Exclude<Value, null | undefined>, verb: string, flags: FormatFlags): string {
  return `%!${verb}(${typeOf(value).name}=${formatValue(value, 'v', flags)})`;
}

function formatComplex({ value }: ComplexValue, verb: string, flags: FormatFlags): string | undefined {
  const re = formatFloatVerb(value.re, verb, flags);
  const im = formatFloatVerb(value.im, verb, { ...flags, plus: true });
  return re === undefined || im === undefined ? undefined : `(${re}${im}i)`;
}

function formatComposite(value: Composite, verb: string, flags: FormatFlags, depth: number): string {
  if (depth > MAX_DEPTH) return '...';
  const own = ownText(value, verb, flags);
  if (own !== undefined) return own;
  const type = flags.sharpV ? value.type.name : '';
  if (value instanceof NilPointer || value instanceof GoFunction) {
    if (flags.sharpV) return `(${type})(nil)`;
    return verb === 'v' ? pad('<nil>', flags) : badVerb(value, verb, flags);
  }
  if ((value instanceof GoList || value instanceof GoMap) && flags.sharpV && value.isNil)
    return `${type}(nil)`;
  const parts = members(value, verb, flags, depth);
  const inner = parts.join(flags.sharpV ? ', ' : ' ');
  if (flags.sharpV || value instanceof GoStruct) return `${type}{${inner}}`;
  return value instanceof GoList ? `[${inner}]` : `map[${inner}]`;
}

/** What the method `String` of a value gives, for the verbs that use it. */
function ownText(value: Composite, verb: string, flags: FormatFlags): string | undefined {
  if (!(value instanceof GoStruct) || flags.sharpV || !'vsq'.includes(verb)) return undefined;
  const text = value.type.methods?.get('String')?.call([value], NO_CALL);
  return typeof text === 'string' ? formatString(text, verb, flags) : undefined;
}

/** A method that only looks at its value needs nothing of the run. */
const NO_CALL: Call = { execute: () => '', reserve: () => undefined };

function members(
  value: GoList | GoMap | GoStruct,
  verb: string,
  flags: FormatFlags,
  depth: number,
): string[] {
  const print = (part: Value) => formatValue(part, verb, flags, depth + 1);
  if (value instanceof GoList) return value.items.map(print);
  if (value instanceof GoMap) {
    return sortedKeys(value).map((key) => `${print(key)}:${print(value.entries.get(key))}`);
  }
  const names = flags.plusV || flags.sharpV ? [...(value.type.fields?.keys() ?? [])] : [];
  return value.values.map(
    (field, index) => (names.length > 0 ? `${names[index] ?? ''}:` : '') + print(field),
  );
}

const PLAIN = noFlags();

/** A value as `%v` prints it. */
export function valueText(value: Value): string {
  if (typeof value === 'string') return value;
  return typeof value === 'bigint' ? value.toString() : formatValue(value, 'v', PLAIN);
}

/** `fmt.Sprint`: adds a space between two operands if neither is a string. */
export function sprint(args: readonly Value[]): string {
  let out = '';
  args.forEach((arg, index) => {
    if (index > 0 && typeof arg !== 'string' && typeof args[index - 1] !== 'string') out += ' ';
    out += valueText(arg);
  });
  return out;
}

/** `fmt.Sprintln`: adds a space between all operands, and a newline. */
export function sprintln(args: readonly Value[]): string {
  return `${args.map(valueText).join(' ')}\n`;
}
