import { readFileSync, statSync } from 'node:fs';
import { fromBytes } from '../template/byte-strings.js';
import { FunctionError } from '../template/template-error.js';
import type { Value } from '../template/value.js';
import { fileFault } from '../text/file-fault.js';
import type { Query } from './queries.js';
import type { QueryPort } from './run-context.js';
import type { Timers } from '../runtime/timers.js';

const POLL_MS = 2000;
const MAX_FILE = 8 * 1024 * 1024;

/** Answers `file`. Every file that was asked for is looked at again every two seconds. */
export class FileAnswers implements QueryPort {
  readonly #timers: Timers;
  readonly #changed: () => void;
  readonly #kept = new Map<string, { stamp: string; value: Value }>();
  #cancel: (() => void) | undefined;

  constructor(timers: Timers, changed: () => void) {
    this.#timers = timers;
    this.#changed = changed;
  }

  /** @throws FunctionError when a file cannot be read */
  answer(query: Query): Value {
    if (query.kind !== 'file') return undefined;
    const { path } = query;
    this.#cancel ??= this.#timers.after(POLL_MS, () => this.#poll());
    const stamp = stampOf(path);
    const kept = this.#kept.get(path);
    if (kept?.stamp === stamp && stamp !== '') return kept.value;
    this.#kept.set(path, { stamp, value: undefined });
    if (stamp === '') throw new FunctionError(`${path}: the file does not exist; check the path`);
    if (stamp === TOO_LARGE) throw new FunctionError(`${path} has more than ${MAX_FILE} bytes`);
    try {
      const value = fromBytes(readFileSync(path));
      this.#kept.set(path, { stamp, value });
      return value;
    } catch (error) {
      throw new FunctionError(`${path}: ${fileFault(error)}`);
    }
  }

  #poll(): void {
    this.#cancel = this.#timers.after(POLL_MS, () => this.#poll());
    if ([...this.#kept].some(([path, { stamp }]) => stampOf(path) !== stamp)) this.#changed();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}

const TOO_LARGE = 'too large';

/** Another text whenever the file is another one; empty when there is no such file. */
function stampOf(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return size > MAX_FILE ? TOO_LARGE : `${mtimeMs} ${size} ${ino}`;
  } catch {
    return '';
  }
}

/** Asks each port in turn and returns the first answer. */
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
