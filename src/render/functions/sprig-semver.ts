import { FunctionError } from '../../template/template-error.js';
import { INT64, STRING, structType } from '../../template/types.js';
import { Sized, type Value } from '../../template/value.js';
import { struct } from '../../template/go-values.js';
import { named, type Named } from './sprig-values.js';

interface Version {
  numbers: [number, number, number];
  prerelease: string;
  metadata: string;
  original: string;
  /** How many of the three numbers were given. */
  written: number;
}

const VERSION = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/;
const TYPE = structType('*semver.Version', {
  Major: INT64,
  Minor: INT64,
  Patch: INT64,
  Prerelease: STRING,
  Metadata: STRING,
  Original: STRING,
});

function parse(text: string): Version {
  const match = VERSION.exec(text);
  if (match === null) throw new FunctionError('Invalid Semantic Version');
  const [, major = '0', minor, patch, prerelease = '', metadata = ''] = match;
  return {
    numbers: [Number(major), Number(minor ?? 0), Number(patch ?? 0)],
    prerelease,
    metadata,
    original: text,
    written: patch !== undefined ? 3 : minor !== undefined ? 2 : 1,
  };
}

function compare(a: Version, b: Version): number {
  for (const at of [0, 1, 2] as const)
    if (a.numbers[at] !== b.numbers[at]) return a.numbers[at] - b.numbers[at];
  if (a.prerelease === b.prerelease) return 0;
  if (a.prerelease === '') return 1;
  if (b.prerelease === '') return -1;
  const [left, right] = [a.prerelease.split('.'), b.prerelease.split('.')];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [x, y] = [left[at], right[at]];
    if (x === undefined || y === undefined) return x === undefined ? -1 : 1;
    if (x === y) continue;
    const numbers = /^\d+$/.test(x) && /^\d+$/.test(y);
    if (numbers) return Number(x) - Number(y);
    return /^\d+$/.test(x) ? -1 : /^\d+$/.test(y) ? 1 : x < y ? -1 : 1;
  }
  return 0;
}

/** The upper bound of a range that starts at this version and keeps its first `kept` numbers. */
function beyond(version: Version, kept: number): Version {
  const numbers = version.numbers.map((number, at) =>
    at < kept - 1 ? number : at === kept - 1 ? number + 1 : 0,
  );
  return { ...version, numbers: [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0], prerelease: '' };
}

function satisfiesOne(version: Version, constraint: string): boolean {
  const match = /^(=|==|!=|>|<|>=|=>|<=|=<|~|~>|\^)?\s*(\S+)$/.exec(constraint.trim());
  if (match === null) throw new FunctionError(`improper constraint: ${constraint}`);
  const [, operator = '=', text = ''] = match;
  const wild = /[xX*]/.test(text);
  const wanted = parse(wild ? text.replaceAll(/\.?[xX*]/g, '') || '0' : text);
  if (version.prerelease !== '' && wanted.prerelease === '') return false;
  const order = compare(version, wanted);
  const within = (kept: number) => order >= 0 && compare(version, beyond(wanted, kept)) < 0;
  switch (operator) {
    case '!=':
      return order !== 0;
    case '>':
      return order > 0;
    case '<':
      return order < 0;
    case '>=':
    case '=>':
      return order >= 0;
    case '<=':
    case '=<':
      return order <= 0;
    case '~':
    case '~>':
      return within(Math.min(wanted.written, 2));
    case '^':
      return within(
        wanted.numbers[0] > 0 || wanted.written === 1
          ? 1
          : wanted.numbers[1] > 0 || wanted.written === 2
            ? 2
            : 3,
      );
    default:
      return /^[xX*]$/.test(text) || (wild || wanted.written < 3 ? within(wanted.written) : order === 0);
  }
}

function satisfies(constraint: string, version: string): boolean {
  const parsed = parse(version);
  return constraint.split('||').some((group) => {
    const ranges = group.replaceAll(/(\S+)\s+-\s+(\S+)/g, '>=$1,<=$2');
    return ranges.split(/,|(?<=[\w*])\s+(?=[<>=!~^\d])/).every((each) => satisfiesOne(parsed, each));
  });
}

const text = (value: Value): string => (typeof value === 'string' ? value : '');

/** Sprig's functions for versions. */
export const SEMVER_FUNCTIONS: readonly Named[] = [
  named('semver', [STRING], ([value]) => {
    const version = parse(text(value));
    const [major, minor, patch] = version.numbers.map((number) => new Sized(INT64, BigInt(number)));
    return struct(TYPE, {
      Major: major,
      Minor: minor,
      Patch: patch,
      Prerelease: version.prerelease,
      Metadata: version.metadata,
      Original: version.original,
    });
  }),
  named('semverCompare', [STRING, STRING], ([constraint, version]) =>
    satisfies(text(constraint), text(version)),
  ),
];
