import { isScalar, Schema, type ScalarTag } from 'yaml';

/** Levels of nesting. What has more is left to the yaml package. */
const DEEPEST = 32;
/** Spaces before a line. */
const WIDEST = 100;
/** A key of more than 1,024 characters is not allowed before its colon. */
const LONGEST_KEY = 1000;

/** Tabs, carriage returns and what cannot be seen: rare, and full of rules. */
const UNUSUAL = /[^\n -~\u00a1-\u2027\u202a-\ufefe]/;
/** How plain text may begin: no indicator of YAML does. */
const BEGINS_PLAIN = /[A-Za-z0-9_/.+~\u00a1-\ufefe-]/;

const [NEWLINE, SPACE, HASH, COMMA, DASH, COLON] = ['\n', ' ', '#', ',', '-', ':'].map(codeOf);
const [SINGLE, DOUBLE] = ["'", '"'].map(codeOf);
const [OPEN_LIST, CLOSE_LIST, OPEN_MAPPING, CLOSE_MAPPING] = ['[', ']', '{', '}'].map(codeOf);

/** What plain text may mean instead of itself, by the yaml package's own rules: null, booleans, numbers. */
const MEANINGS = new Schema({ schema: 'core' }).tags.filter(
  (tag): tag is ScalarTag & { test: RegExp } => tag.default === true && tag.test instanceof RegExp,
);

/** The text has something that is not read here. */
class NotPlain extends Error {}

/**
 * Reads a mapping that is written in the part of YAML that files of settings mostly keep to: mappings and lists in
 * block form, those in brackets on one line, texts of one line, comments. The yaml package makes a dozen objects of
 * each value: for 10,000 services of ten tasks it takes many seconds and hundreds of megabytes.
 * @returns the same value as the yaml package; undefined when the text has anything else, or a mistake
 */
export function readPlainYaml(text: string): Record<string, unknown> | undefined {
  if (UNUSUAL.test(text)) return undefined;
  try {
    return new PlainReader(text).read();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class PlainReader {
  readonly #text: string;
  #at = 0;
  #lineStart = 0;
  /** Spaces before the content at {@link #at}, on its line; -1 at the end of the text. */
  #indent = -1;

  constructor(text: string) {
    this.#text = text;
    if (text.startsWith('---\n')) this.#at = 4;
  }

  read(): Record<string, unknown> {
    this.#toContent();
    if (this.#indent !== 0 || this.#isItem()) throw new NotPlain();
    const value = this.#mapping(0, 0);
    if (this.#at < this.#text.length) throw new NotPlain();
    return value;
  }

  /** A mapping or a list that begins here, on a line of its own. */
  #block(depth: number): unknown {
    return this.#isItem() ? this.#list(this.#indent, depth) : this.#mapping(this.#indent, depth);
  }

  #mapping(indent: number, depth: number): Record<string, unknown> {
    this.#limit(depth);
    const mapping: Record<string, unknown> = {};
    do {
      const key = this.#key();
      if (key === undefined) throw new NotPlain();
      put(mapping, key, this.#valueOf(indent, depth + 1));
    } while (this.#indent === indent);
    // A value that goes on in the next line.
    if (this.#indent > indent) throw new NotPlain();
    return mapping;
  }

  /** What follows the colon of a key. */
  #valueOf(indent: number, depth: number): unknown {
    if (!this.#isLineOver()) return this.#inLine(depth);
    this.#toNextLine();
    if (this.#indent > indent) return this.#block(depth);
    // A list may be as far to the left as its key.
    return this.#indent === indent && this.#isItem() ? this.#list(indent, depth) : null;
  }

  #list(indent: number, depth: number): unknown[] {
    this.#limit(depth);
    const list: unknown[] = [];
    while (this.#indent === indent && this.#isItem()) {
      this.#at++;
      list.push(this.#item(indent, depth + 1));
    }
    if (this.#indent > indent) throw new NotPlain();
    return list;
  }

  /** What follows the dash of an item. */
  #item(indent: number, depth: number): unknown {
    if (this.#isLineOver()) {
      this.#toNextLine();
      return this.#indent > indent ? this.#block(depth) : null;
    }
    const begin = this.#at;
    const isMapping = this.#isBracket() ? false : this.#key() !== undefined;
    this.#at = begin;
    if (!isMapping) return this.#inLine(depth);
    // Its other keys stand below its first one.
    this.#indent = begin - this.#lineStart;
    return this.#mapping(this.#indent, depth);
  }

  /** A value that ends on this line. Goes to the content after it. */
  #inLine(depth: number): unknown {
    const value = this.#isBracket() || this.#isQuote() ? this.#flow(depth) : meaning(this.#plain());
    if (!this.#isLineOver()) throw new NotPlain();
    this.#toNextLine();
    return value;
  }

  /** Plain text up to a comment or the end of the line. */
  #plain(): string {
    const [text, begin] = [this.#text, this.#at];
    let end = begin;
    for (; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === NEWLINE || (code === HASH && this.#isSpace(end - 1))) break;
      if (code === COLON && this.#isBlank(end + 1)) throw new NotPlain();
    }
    this.#at = end;
    return plainWord(text.slice(begin, end).trimEnd());
  }

  /** A key and its colon; undefined, and nothing is read: there is none on this line. */
  #key(): string | undefined {
    const [text, begin] = [this.#text, this.#at];
    if (this.#isQuote()) {
      const key = this.#quoted();
      if (text.charCodeAt(this.#at) === COLON) return this.#endKey(key);
      this.#at = begin;
      return undefined;
    }
    for (let end = begin; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === NEWLINE || (code === HASH && this.#isSpace(end - 1))) return undefined;
      if (code !== COLON || !this.#isBlank(end + 1)) continue;
      this.#at = end;
      return this.#endKey(plainKey(text.slice(begin, end)));
    }
    return undefined;
  }

  #endKey(key: string): string {
    this.#at++;
    if (!this.#isBlank(this.#at) || key.length > LONGEST_KEY) throw new NotPlain();
    return key;
  }

  /** A value in brackets, or within them. */
  #flow(depth: number): unknown {
    const code = this.#text.charCodeAt(this.#at);
    if (code === OPEN_MAPPING) return this.#flowMapping(depth);
    if (code === OPEN_LIST) return this.#flowList(depth);
    if (this.#isQuote()) return this.#quoted();
    const word = this.#flowWord();
    if (this.#text.charCodeAt(this.#at) === COLON) throw new NotPlain();
    return meaning(plainWord(word.trimEnd()));
  }

  #flowMapping(depth: number): Record<string, unknown> {
    this.#limit(depth);
    const mapping: Record<string, unknown> = {};
    this.#at++;
    this.#skipSpaces();
    if (this.#ends(CLOSE_MAPPING)) return mapping;
    do {
      this.#skipSpaces();
      const key = this.#isQuote() ? this.#quoted() : plainKey(this.#flowWord());
      if (this.#text.charCodeAt(this.#at) !== COLON) throw new NotPlain();
      this.#endKey(key);
      this.#skipSpaces();
      put(mapping, key, this.#flow(depth + 1));
    } while (this.#isMore(CLOSE_MAPPING));
    return mapping;
  }

  #flowList(depth: number): unknown[] {
    this.#limit(depth);
    const list: unknown[] = [];
    this.#at++;
    this.#skipSpaces();
    if (this.#ends(CLOSE_LIST)) return list;
    do {
      this.#skipSpaces();
      list.push(this.#flow(depth + 1));
    } while (this.#isMore(CLOSE_LIST));
    return list;
  }

  /** Plain text within brackets, up to what ends it: a comma, a bracket, or the colon of a key. */
  #flowWord(): string {
    const [text, begin] = [this.#text, this.#at];
    for (let end = begin; end < text.length; end++) {
      const code = text.charCodeAt(end);
      if (code === COMMA || isClosing(code) || (code === COLON && this.#endsFlowKey(end + 1))) {
        this.#at = end;
        return text.slice(begin, end);
      }
      if (code === NEWLINE || code === OPEN_LIST || code === OPEN_MAPPING) break;
      if (code === HASH && this.#isSpace(end - 1)) break;
    }
    throw new NotPlain();
  }

  #endsFlowKey(next: number): boolean {
    const code = this.#text.charCodeAt(next);
    return (
      this.#isBlank(next) || code === COMMA || isClosing(code) || code === OPEN_LIST || code === OPEN_MAPPING
    );
  }

  #isMore(closing: number | undefined): boolean {
    this.#skipSpaces();
    if (this.#ends(closing)) return false;
    if (!this.#ends(COMMA)) throw new NotPlain();
    return true;
  }

  /** Goes past this character if it is here. */
  #ends(code: number | undefined): boolean {
    if (this.#text.charCodeAt(this.#at) !== code) return false;
    this.#at++;
    return true;
  }

  /** A text in quotes without escapes. */
  #quoted(): string {
    const [text, begin] = [this.#text, this.#at + 1];
    const quote = text.charAt(this.#at);
    const end = text.indexOf(quote, begin);
    const value = text.slice(begin, end);
    const isEscaped = quote === '"' ? value.includes('\\') : text.charAt(end + 1) === quote;
    if (end === -1 || isEscaped || value.includes('\n')) throw new NotPlain();
    this.#at = end + 1;
    return value;
  }

  /** Whether only spaces and a comment are left of the line; goes to where they end. */
  #isLineOver(): boolean {
    this.#skipSpaces();
    const code = this.#text.charCodeAt(this.#at);
    return (
      this.#at >= this.#text.length || code === NEWLINE || (code === HASH && this.#isSpace(this.#at - 1))
    );
  }

  #toNextLine(): void {
    const end = this.#text.indexOf('\n', this.#at);
    this.#at = end === -1 ? this.#text.length : end + 1;
    this.#toContent();
  }

  /** Goes from the start of a line to the first line with content. */
  #toContent(): void {
    const text = this.#text;
    while (this.#at < text.length) {
      this.#lineStart = this.#at;
      this.#skipSpaces();
      const code = text.charCodeAt(this.#at);
      if (this.#at < text.length && code !== NEWLINE && code !== HASH) {
        this.#indent = this.#at - this.#lineStart;
        if (this.#indent > WIDEST) throw new NotPlain();
        return;
      }
      const end = text.indexOf('\n', this.#at);
      this.#at = end === -1 ? text.length : end + 1;
    }
    this.#indent = -1;
  }

  #skipSpaces(): void {
    while (this.#isSpace(this.#at)) this.#at++;
  }

  #isItem(): boolean {
    return this.#text.charCodeAt(this.#at) === DASH && this.#isBlank(this.#at + 1);
  }

  #isBracket(): boolean {
    const code = this.#text.charCodeAt(this.#at);
    return code === OPEN_MAPPING || code === OPEN_LIST;
  }

  #isQuote(): boolean {
    const code = this.#text.charCodeAt(this.#at);
    return code === SINGLE || code === DOUBLE;
  }

  #isSpace(at: number): boolean {
    return this.#text.charCodeAt(at) === SPACE;
  }

  #isBlank(at: number): boolean {
    return at >= this.#text.length || this.#isSpace(at) || this.#text.charCodeAt(at) === NEWLINE;
  }

  #limit(depth: number): void {
    if (depth > DEEPEST) throw new NotPlain();
  }
}

function codeOf(character: string): number {
  return character.charCodeAt(0);
}

function isClosing(code: number): boolean {
  return code === CLOSE_LIST || code === CLOSE_MAPPING;
}

/** @throws NotPlain when it begins like something else, or like the end of a document */
function plainWord(word: string): string {
  const isIndicator = word.startsWith('-') && !/^-[A-Za-z0-9.]/.test(word);
  if (!BEGINS_PLAIN.test(word.charAt(0)) || isIndicator || word.startsWith('...')) throw new NotPlain();
  return word;
}

/** The key as a property of an object has it: 1.0 is 1. */
function plainKey(word: string): string {
  const key = meaning(plainWord(word));
  if (word.endsWith(' ') || key === null) throw new NotPlain();
  return String(key);
}

function meaning(word: string): string | number | boolean | null {
  const tag = MEANINGS.find(({ test }) => test.test(word));
  if (!tag) return word;
  const value = tag.resolve(word, () => undefined, {});
  // The core schema has no others.
  return (isScalar(value) ? value.value : value) as number | boolean | null;
}

/** Twice the same key is a mistake, and `__proto__` would set something else than a property. */
function put(mapping: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__' || Object.hasOwn(mapping, key)) throw new NotPlain();
  mapping[key] = value;
}
