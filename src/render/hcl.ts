/** An HCL value. Blocks of the same name form a list, as in HCL 1. */
export type HclValue = string | number | boolean | HclValue[] | HclObject;

export interface HclObject {
  entries: HclEntry[];
}

export interface HclEntry {
  key: string;
  value: HclValue;
  line: number;
}

/** A syntax error in a text, with its line. */
export class HclError extends Error {
  override name = 'HclError';
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\' };
const MAX_DEPTH = 50;

/**
 * Reads the subset of HCL 1 that consul-template configurations use: `key = value`, blocks, lists, strings, heredocs,
 * numbers, booleans and comments. Also reads JSON objects.
 * @throws HclError
 */
export function parseHcl(text: string): HclObject {
  return new HclReader(text).document();
}

class HclReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  document(): HclObject {
    this.#skip();
    const json = this.#text[this.#at] === '{';
    if (json) this.#at += 1;
    const object = this.#entries(json ? '}' : undefined);
    this.#skip();
    if (this.#at < this.#text.length) this.#fail(`unexpected ${JSON.stringify(this.#text[this.#at])}`);
    return object;
  }

  #line(): number {
    return this.#text.slice(0, this.#at).split('\n').length;
  }

  #fail(problem: string): never {
    throw new HclError(problem, this.#line());
  }

  #skip(): void {
    const blank = /(?:\s+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
    blank.lastIndex = this.#at;
    this.#at += blank.exec(this.#text)?.[0].length ?? 0;
  }

  #take(form: RegExp): string | undefined {
    form.lastIndex = this.#at;
    const found = form.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #entries(end: string | undefined): HclObject {
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#fail(`more than ${MAX_DEPTH} levels`);
    const entries: HclEntry[] = [];
    for (;;) {
      this.#skip();
      const next = this.#text[this.#at];
      if (next === end) break;
      if (next === undefined) this.#fail('a block is not closed: "}" is missing');
      const line = this.#line();
      const key = this.#key();
      this.#skip();
      entries.push({ key, value: this.#valueOf(key), line });
      this.#skip();
      if (this.#text[this.#at] === ',') this.#at += 1;
    }
    if (end !== undefined) this.#at += 1;
    this.#depth -= 1;
    return { entries };
  }

  #key(): string {
    if (this.#text[this.#at] === '"') return this.#string();
    return (
      this.#take(/[A-Za-z_][\w.-]*/y) ??
      this.#fail(`expected a key, found ${JSON.stringify(this.#text[this.#at])}`)
    );
  }

  #valueOf(key: string): HclValue {
    const next = this.#text[this.#at];
    if (next === '{') {
      this.#at += 1;
      return this.#entries('}');
    }
    if (next !== '=' && next !== ':') this.#fail(`expected "=" or "{" after ${key}`);
    this.#at += 1;
    return this.#value();
  }

  #value(): HclValue {
    this.#skip();
    const next = this.#text[this.#at];
    if (next === '"') return this.#string();
    if (next === '<') return this.#heredoc();
    if (next === '[') return this.#list();
    if (next === '{') {
      this.#at += 1;
      return this.#entries('}');
    }
    const word = this.#take(/[A-Za-z0-9_.+-]+/y);
    if (word === 'true' || word === 'false') return word === 'true';
    const number = Number(word);
    if (word === undefined || Number.isNaN(number))
      this.#fail(`expected a value, found ${JSON.stringify(word ?? next ?? 'the end')}; put text in quotes`);
    return number;
  }

  #string(): string {
    this.#at += 1;
    let out = '';
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || char === '\n') this.#fail('a string is not closed: " is missing');
      this.#at += 1;
      if (char === '"') return out;
      if (char !== '\\') out += char;
      else {
        const letter = this.#text[this.#at] ?? '';
        out += ESCAPES[letter] ?? this.#fail(`unknown escape \\${letter}`);
        this.#at += 1;
      }
    }
  }

  #heredoc(): string {
    const head = this.#take(/<<-?[A-Za-z_]\w*\r?\n/y) ?? this.#fail('expected << and a word, such as <<EOF');
    const word = head.replace(/^<<-?/, '').trim();
    const lines: string[] = [];
    for (;;) {
      const end = this.#text.indexOf('\n', this.#at);
      const line = this.#text.slice(this.#at, end < 0 ? undefined : end);
      this.#at = end < 0 ? this.#text.length : end + 1;
      if (line.trim() === word) break;
      if (end < 0) this.#fail(`the text is not closed: a line ${word} is missing`);
      lines.push(line);
    }
    const text = lines.map((line) => `${line}\n`).join('');
    if (!head.startsWith('<<-')) return text;
    const indents = lines
      .filter((line) => line.trim() !== '')
      .map((line) => /^[ \t]*/.exec(line)?.[0].length ?? 0);
    const least = Math.min(...indents);
    return lines.map((line) => `${line.slice(least)}\n`).join('');
  }

  #list(): HclValue[] {
    this.#at += 1;
    this.#depth += 1;
    if (this.#depth > MAX_DEPTH) this.#fail(`more than ${MAX_DEPTH} levels`);
    const items: HclValue[] = [];
    for (;;) {
      this.#skip();
      if (this.#text[this.#at] === ']') break;
      if (this.#text[this.#at] === undefined) this.#fail('a list is not closed: "]" is missing');
      items.push(this.#value());
      this.#skip();
      if (this.#text[this.#at] === ',') this.#at += 1;
      else if (this.#text[this.#at] !== ']') this.#fail('expected "," or "]" in a list');
    }
    this.#at += 1;
    this.#depth -= 1;
    return items;
  }
}
