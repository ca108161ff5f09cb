import { durationForm, parseDuration } from '../net/duration.js';
import { clip } from './params.js';
import { ApiProblem } from './problem.js';

/** The longest note, in characters. */
const LONGEST_NOTE = 200;

const SHORTEST_MS = 1000;
const LONGEST_MS = 365 * 86_400_000;

/** Control characters, line ends, and marks that change the text direction. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+/gu;

/**
 * The keys of a JSON body; a missing body has no keys. Keys that the route does not know are refused, like unknown
 * parameters.
 */
export class Body {
  readonly #values: ReadonlyMap<string, unknown>;

  /**
   * @param body the body as fastify parsed it
   * @param known the keys that the route knows
   * @throws ApiProblem `body-invalid`
   */
  constructor(body: unknown, known: readonly string[]) {
    if (body !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body)))
      throw invalid('the body is not a JSON object; send one such as {"note":"text"}');
    const values = new Map<string, unknown>(Object.entries(body ?? {}));
    for (const key of values.keys())
      if (!known.includes(key)) throw invalid(`unknown key "${clip(key)}"; known: ${known.join(', ')}`);
    this.#values = values;
  }

  /** @throws ApiProblem `body-invalid` */
  text(key: string): string | undefined {
    const value = this.#values.get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw invalid(`"${key}" is not a text; write it in quotes`);
  }

  /** A user's note in one line; undefined if there is none. @throws ApiProblem `body-invalid` */
  note(key: string): string | undefined {
    const text = this.text(key)?.replace(UNPRINTABLE, ' ').trim();
    if (text === undefined || text.length <= LONGEST_NOTE) return text || undefined;
    throw invalid(`"${key}" has ${text.length} characters; it may have at most ${LONGEST_NOTE}`);
  }

  /** @throws ApiProblem `body-invalid` */
  flag(key: string): boolean | undefined {
    const value = this.#values.get(key);
    if (value === undefined || typeof value === 'boolean') return value;
    throw invalid(`"${key}" must be true or false, without quotes`);
  }

  /** A list of names, as of stacks. @throws ApiProblem `body-invalid` */
  names(key: string): readonly string[] | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    const isList = Array.isArray(value) && value.length > 0;
    if (isList && value.every((each): each is string => typeof each === 'string' && each !== ''))
      return value;
    throw invalid(`"${key}" must be a list of one or more names, such as ["shop"]`);
  }

  /** A duration such as `30s`, in milliseconds. @throws ApiProblem `body-invalid` */
  duration(key: string): number | undefined {
    const text = this.text(key);
    if (text === undefined) return undefined;
    const ms = parseDuration(text);
    if (ms !== undefined && ms >= SHORTEST_MS && ms <= LONGEST_MS) return ms;
    throw invalid(`"${key}" is "${clip(text)}"; it must be a duration from 1s to 365d, ${durationForm}`);
  }
}

function invalid(detail: string): ApiProblem {
  return new ApiProblem(400, 'body-invalid', detail);
}
