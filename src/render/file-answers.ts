import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { compareStrings, fromBytes } from '../template/bytes.js';
import { FunctionError } from '../template/template-error.js';
import type { Value } from '../template/value.js';
import { fileFault } from '../text/file-fault.js';
import type { Query } from './queries.js';
import { pairList, pairRecord } from './records.js';
import type { QueryPort } from './run-context.js';
import type { Timers } from '../runtime/timers.js';

const POLL_MS = 2000;
const MAX_FILE = 8 * 1024 * 1024;

/**
 * Answers `file`, and keys from a directory in which the file `a/b` is the key `a/b`. Everything that was asked for is
 * looked at again every two seconds.
 */
export class FileAnswers implements QueryPort {
  readonly #keys: string | undefined;
  readonly #timers: Timers;
  readonly #changed: () => void;
  readonly #kept = new Map<string, { stamp: string; value: Value }>();
  #cancel: (() => void) | undefined;
  readonly #watched = new Map<string, () => string>();

  /** @param keys the directory of keys; without it `key` has no answer */
  constructor(keys: string | undefined, timers: Timers, changed: () => void) {
    this.#keys = keys;
    this.#timers = timers;
    this.#changed = changed;
  }

  answer(query: Query): Value {
    switch (query.kind) {
      case 'file':
        return this.#read(`file ${query.path}`, query.path, (path) => fromBytes(readFileSync(path)), true);
      case 'key':
      case 'keyExists': {
        if (this.#keys === undefined) return undefined;
        const value = this.#read(`key ${query.path}`, this.#keyFile(query.path), readValue, false);
        if (query.kind === 'keyExists') return value !== undefined;
        return value ?? (query.blocks ? undefined : null);
      }
      case 'keys':
        return this.#keys === undefined ? undefined : this.#list(query.path, this.#keys);
      case 'service':
      case 'services':
      case 'node':
      case 'nodes':
      case 'datacenters':
      case 'model':
        return undefined;
    }
  }

  /** A path that leads out of the directory is the key of nothing. */
  #keyFile(key: string): string {
    const path = join(this.#keys ?? '', key);
    return relative(this.#keys ?? '', path).startsWith('..') ? join(this.#keys ?? '', '\0') : path;
  }

  #read(name: string, path: string, read: (path: string) => string, must: boolean): Value {
    const stamp = () => stampOf(path);
    const now = stamp();
    this.#watch(name, stamp);
    const kept = this.#kept.get(name);
    if (kept?.stamp === now) return kept.value;
    let value: Value;
    try {
      value = now === '' && !must ? undefined : read(path);
    } catch (error) {
      if (must) throw new FunctionError(`${path}: ${fileFault(error)}`);
      value = undefined;
    }
    this.#kept.set(name, { stamp: now, value });
    return value;
  }

  #list(prefix: string, root: string): Value {
    const files = () => filesBelow(root).filter((key) => key.startsWith(prefix));
    const stamp = () =>
      files()
        .map((key) => `${key} ${stampOf(join(root, key))}`)
        .join('\n');
    const now = stamp();
    const name = `keys ${prefix}`;
    this.#watch(name, stamp);
    const kept = this.#kept.get(name);
    if (kept?.stamp === now) return kept.value;
    const cut = prefix.replace(/\/$/, '').length;
    const value = pairList(
      files().map((key) =>
        pairRecord({ path: key, key: key.slice(cut).replace(/^\//, ''), value: readValue(join(root, key)) }),
      ),
    );
    this.#kept.set(name, { stamp: now, value });
    return value;
  }

  #watch(name: string, stamp: () => string): void {
    this.#watched.set(name, stamp);
    this.#cancel ??= this.#timers.after(POLL_MS, () => this.#poll());
  }

  #poll(): void {
    this.#cancel = this.#timers.after(POLL_MS, () => this.#poll());
    const changed = [...this.#watched].some(([name, stamp]) => this.#kept.get(name)?.stamp !== stamp());
    if (changed) this.#changed();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

/** The value of a key: the file without one newline at its end, which editors add. */
function readValue(path: string): string {
  return fromBytes(readFileSync(path)).replace(/\n$/, '');
}

/** Empty when there is no such file. */
function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    if (size > MAX_FILE) throw new FunctionError(`${path} has more than ${MAX_FILE} bytes`);
    return `${mtimeMs} ${size} ${ino}`;
  } catch (error) {
    if (error instanceof FunctionError) throw error;
    return '';
  }
}

function filesBelow(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .sort(compareStrings);
  } catch {
    return [];
  }
}

/** Asks each port in turn; the first that has an answer gives it. */
export class ChainedAnswers implements QueryPort {
  readonly #ports: readonly QueryPort[];

  constructor(ports: readonly QueryPort[]) {
    this.#ports = ports;
  }

  answer(query: Query): Value {
    for (const port of this.#ports) {
      const answer = port.answer(query);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
}
