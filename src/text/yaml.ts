import {
  LineCounter,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  type Document,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { readPlainYaml } from './plain-yaml.js';
import { tooDeepAt } from './yaml-depth.js';
import { duplicateKeys } from './yaml-duplicates.js';
import { errorMessage } from '../net/error-message.js';

/** The most nodes to which aliases may expand: enough for people, too few for a bomb. */
const maxAliasCount = 50;

/** The remedies for the most common mistakes, by the yaml package's codes. */
const advice: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'keep one of the two',
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'align it with the keys of the same level, and close every quote and bracket before it',
  MISSING_CHAR: 'close every quote and bracket, and put a space after every ":" and ","',
  MULTIPLE_DOCS: 'keep one document, without "---" after it',
};

const DUPLICATE = { code: 'DUPLICATE_KEY', message: 'Map keys must be unique' };

export type KeyPath = readonly PropertyKey[];

/** A place in a text. Line and column count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One syntax error. */
export interface YamlFault extends Position {
  /** What is wrong, why, and what to do, in one line. */
  readonly message: string;
}

export type YamlResult =
  | {
      readonly ok: true;
      /** The document as plain data. An empty text is `{}`. */
      readonly value: Record<string, unknown>;
      /** The place of the key, or of its value, at a path. If there is none, that of the nearest enclosing node. */
      locate(path: KeyPath, part: 'key' | 'value'): Position;
    }
  | { readonly ok: false; readonly faults: readonly YamlFault[] };

/**
 * Reads a mapping of keys (YAML 1.2, and therefore also JSON). Never throws; reports every syntax error.
 * @param example a line that shows what was expected, for the message about a text that is not a mapping
 * @param merge whether `<<: *alias` merges, as in YAML 1.1; otherwise it is an ordinary key
 */
export function readYaml(text: string, example: string, { merge = false } = {}): YamlResult {
  const value = readPlainYaml(text);
  if (value === undefined) return readAnyYaml(text, example, merge);
  let whole: YamlResult | undefined;
  const locate = (path: KeyPath, part: 'key' | 'value'): Position => {
    // Only what is wrong has to be found, which is rare.
    whole ??= readAnyYaml(text, example, merge);
    return whole.ok ? whole.locate(path, part) : { line: 1, column: 1 };
  };
  return { ok: true, value, locate };
}

function readAnyYaml(text: string, example: string, merge: boolean): YamlResult {
  const lines = new LineCounter();
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const failed = (message: string, offset: number): YamlResult => ({
    ok: false,
    faults: [{ ...position(offset), message }],
  });
  const deepLine = tooDeepAt(text);
  if (deepLine !== undefined) {
    return {
      ok: false,
      faults: [
        { line: deepLine, column: 1, message: 'is nested too deeply to be read; write it with fewer levels' },
      ],
    };
  }
  let document: Document.Parsed;
  let value: unknown;
  try {
    document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      strict: true,
      // Below. The package compares each key with all before it: 6.4 s for a mapping of 16,000.
      uniqueKeys: false,
      merge,
      // At other levels, the package writes warnings about odd keys to standard error.
      logLevel: 'error',
    });
    const duplicates = duplicateKeys(document).map((key) => ({ pos: [startOf(key) ?? 0], ...DUPLICATE }));
    const faults = [...document.errors, ...document.warnings, ...duplicates];
    if (faults.length > 0) {
      const placed = faults.map((fault) => ({ offset: fault.pos[0] ?? 0, message: syntaxMessage(fault) }));
      placed.sort((a, b) => a.offset - b.offset);
      return {
        ok: false,
        faults: placed.map(({ offset, message }) => ({ ...position(offset), message })),
      };
    }
    value = document.toJS({ maxAliasCount }) as unknown;
  } catch (error) {
    return failed(`cannot be read as YAML: ${thrownReason(error)}`, 0);
  }
  if (value !== null && !isMapping(value)) {
    const kind = Array.isArray(value) ? 'a list' : 'a single value';
    return failed(
      `holds ${kind}; it must be a mapping of keys, such as "${example}"`,
      document.contents?.range[0] ?? 0,
    );
  }
  const pairs = new PairsByKey();
  return {
    ok: true,
    value: value ?? {},
    locate: (path, part) => position(offsetOf(document, pairs, path, part)),
  };
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function syntaxMessage({ code, message }: { readonly code: string; readonly message: string }): string {
  const remedy = advice[code] ?? 'check this line and the one before it';
  return `is not valid YAML: ${message.split('\n')[0] ?? ''}; ${remedy}`;
}

function thrownReason(error: unknown): string {
  const reason = errorMessage(error);
  return `${reason.split('\n')[0] ?? ''}; write the values out instead of using aliases`;
}

/** The offset of the node at a path, or of the nearest enclosing node. */
function offsetOf(
  document: Document.Parsed,
  pairs: PairsByKey,
  path: KeyPath,
  part: 'key' | 'value',
): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    let key: unknown;
    if (isMap(node)) {
      const pair = pairs.find(node, String(step));
      key = pair?.key;
      node = pair?.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
    } else {
      return offset;
    }
    const last = index === path.length - 1;
    const here = last && part === 'value' && !isEmpty(node) ? startOf(node) : startOf(key ?? node);
    offset = here ?? offset;
  }
  return offset;
}

/** Finds pairs of a mapping. A file with a thousand mistakes in one mapping would go through it a thousand times. */
class PairsByKey {
  readonly #known = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

  find(map: YAMLMap, key: string): Pair | undefined {
    let pairs = this.#known.get(map);
    // Of two keys with the same text, such as 1 and "1", the first counts.
    if (!pairs) {
      pairs = new Map(map.items.toReversed().map((pair) => [keyText(pair.key), pair]));
      this.#known.set(map, pairs);
    }
    return pairs.get(key);
  }
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(key.value) : String(key);
}

/** `ttl:` without a value has a value node without a place of its own. */
function isEmpty(node: unknown): boolean {
  return node === null || (isScalar(node) && node.value === null && node.source === '');
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined;
}
