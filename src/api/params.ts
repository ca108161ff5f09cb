import { ApiProblem } from './problem.js';

/**
 * The query parameters of one request. Unknown parameters are refused: if a misspelt filter were ignored, the answer
 * would list everything and look right.
 */
export class Params {
  readonly #values: ReadonlyMap<string, string>;

  /**
   * @param query the query as fastify parsed it
   * @param known the names that the route knows
   * @throws ApiProblem `parameter-unknown`, `parameter-invalid`
   */
  constructor(query: unknown, known: readonly string[]) {
    const values = new Map<string, string>();
    const entries = typeof query === 'object' && query !== null ? Object.entries(query) : [];
    for (const [name, value] of entries as [string, unknown][]) {
      if (!known.includes(name)) {
        const help = known.length === 0 ? 'this route has no parameters' : `known: ${known.join(', ')}`;
        throw new ApiProblem(400, 'parameter-unknown', `unknown parameter "${clip(name)}"; ${help}`);
      }
      if (typeof value !== 'string') {
        throw new ApiProblem(
          400,
          'parameter-invalid',
          `parameter "${name}" was given more than once; give it once`,
        );
      }
      values.set(name, value);
    }
    this.#values = values;
  }

  /** The value; undefined when absent or empty. */
  text(name: string): string | undefined {
    return this.#values.get(name) || undefined;
  }

  /** @throws ApiProblem `parameter-missing` */
  required(name: string): string {
    const value = this.text(name);
    if (value === undefined)
      throw new ApiProblem(400, 'parameter-missing', `parameter "${name}" is missing; give ?${name}=`);
    return value;
  }

  /** A flag. Without a value, or with `true` or `1`, it means yes. @throws ApiProblem `parameter-invalid` */
  flag(name: string): boolean {
    const value = this.#values.get(name);
    if (value === undefined || value === 'false' || value === '0') return false;
    if (value === '' || value === 'true' || value === '1') return true;
    throw new ApiProblem(
      400,
      'parameter-invalid',
      `parameter "${name}" is "${clip(value)}"; it must be true or false`,
    );
  }

  /** A whole number, 0 or more. @throws ApiProblem `parameter-invalid` */
  count(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
    throw new ApiProblem(
      400,
      'parameter-invalid',
      `parameter "${name}" is "${clip(value)}"; it must be a whole number, 0 or more`,
    );
  }

  /** One of several words. @throws ApiProblem `parameter-invalid` */
  oneOf<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const found = allowed.find((each) => each === value);
    if (found !== undefined) return found;
    throw new ApiProblem(
      400,
      'parameter-invalid',
      `parameter "${name}" is "${clip(value)}"; it must be one of ${allowed.join(', ')}`,
    );
  }
}

/** Shortens a text from outside for use in a message. */
export function clip(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]/g, '?');
  return plain.length > 80 ? `${plain.slice(0, 77)}...` : plain;
}
