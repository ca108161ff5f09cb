import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorMessage } from '../net/error-message.js';
import type { Choice, Choices } from './rules.js';

/**
 * The operators' choices by `fairlead adopt` and `fairlead release`. They are stored in the state directory and outlive
 * the daemon.
 */
export class ChoicesFile {
  readonly path: string;
  #choices: Choices;

  /** A missing or unusable file means no choices. */
  constructor(directory: string) {
    this.path = join(directory, 'adoption.json');
    this.#choices = read(this.path);
  }

  get current(): Choices {
    return this.#choices;
  }

  /**
   * @param stack undefined: all; this withdraws every choice for a single stack
   * @throws Error with one line when the file cannot be written; the choice still applies while the daemon runs
   */
  choose(choice: Choice, stack: string | undefined): void {
    this.#choices =
      stack === undefined
        ? { all: choice, stacks: {} }
        : { ...this.#choices, stacks: { ...this.#choices.stacks, [stack]: choice } };
    const temporary = `${this.path}.tmp`;
    try {
      mkdirSync(dirname(this.path), { recursive: true, mode: 0o750 });
      writeFileSync(temporary, `${JSON.stringify({ version: 1, ...this.#choices })}\n`, { mode: 0o640 });
      renameSync(temporary, this.path);
    } catch (error) {
      throw new Error(
        `${this.path}: cannot be written (${errorMessage(error)}); the choice is forgotten when the daemon stops`,
        { cause: error },
      );
    }
  }
}

function read(path: string): Choices {
  try {
    const { all, stacks } = JSON.parse(readFileSync(path, 'utf8')) as { all?: unknown; stacks?: unknown };
    const named = typeof stacks === 'object' && stacks !== null ? Object.entries(stacks) : [];
    return {
      ...(isChoice(all) && { all }),
      stacks: Object.fromEntries(named.filter((entry): entry is [string, Choice] => isChoice(entry[1]))),
    };
  } catch {
    return { stacks: {} };
  }
}

function isChoice(value: unknown): value is Choice {
  return value === 'adopt' || value === 'release';
}
