/** The limits for the stored parts of an answer, head and body. */
const HEAD_LIMIT = 16 * 1024;
const BODY_LIMIT = 64 * 1024;

const MOST_INTERIM = 8;

export type HttpProgress =
  | { readonly done: false }
  /** `body` is undefined if it was not requested. It may be cut at 64 KiB. */
  | { readonly done: true; readonly status: number; readonly body?: Buffer }
  | { readonly done: true; readonly fault: string };

const more: HttpProgress = { done: false };

/**
 * Reads one HTTP/1 answer (RFC 9112), as little of it as needed: the status line, or also the body if requested.
 * Interim answers (1xx) are skipped. Memory and work are bounded, even if the answer comes in tiny pieces.
 */
export class HttpResponse {
  readonly #wantsBody: boolean;
  #bytes = Buffer.alloc(512);
  #length = 0;
  #head:
    | { readonly status: number; readonly chunked: boolean; readonly size: number; readonly start: number }
    | undefined;
  #interim = 0;
  /** Where the search for a line end continues. */
  #seen = 0;

  constructor(wantsBody: boolean) {
    this.#wantsBody = wantsBody;
  }

  push(piece: Buffer): HttpProgress {
    this.#append(piece);
    return this.#read(false);
  }

  /** The other side has ended its stream. */
  end(): HttpProgress {
    const progress = this.#read(true);
    if (progress.done) return progress;
    return {
      done: true,
      fault: this.#length === 0 ? 'closed without an answer' : 'closed in the middle of its answer',
    };
  }

  #append(piece: Buffer): void {
    const room = HEAD_LIMIT + BODY_LIMIT - this.#length;
    const part = piece.length > room ? piece.subarray(0, room) : piece;
    if (this.#length + part.length > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(this.#bytes.length * 2, this.#length + part.length));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    part.copy(this.#bytes, this.#length);
    this.#length += part.length;
  }

  #read(ended: boolean): HttpProgress {
    const bytes = this.#bytes.subarray(0, this.#length);
    if (this.#head === undefined) {
      const early = this.#readHead(bytes);
      if (early) return early;
    }
    const head = this.#head;
    if (head === undefined) return more;
    const have = this.#length - head.start;
    const complete = have >= Math.min(head.size, BODY_LIMIT) || (head.chunked && endsChunked(bytes));
    if (!ended && !complete) return more;
    const raw = bytes.subarray(head.start, head.start + Math.min(head.size, BODY_LIMIT));
    return { done: true, status: head.status, body: head.chunked ? unchunk(raw) : raw };
  }

  /** @returns the result if the head decides; else stores the head once it is complete */
  #readHead(bytes: Buffer): HttpProgress | undefined {
    const start = bytes.subarray(0, 9).toString('latin1');
    if (!'HTTP/1.0 '.startsWith(start) && !'HTTP/1.1 '.startsWith(start))
      return { done: true, fault: 'the answer is not HTTP' };
    const line = bytes.indexOf(10);
    const status = line === -1 ? undefined : statusOf(bytes.subarray(0, line).toString('latin1'));
    if (line !== -1 && status === undefined) return { done: true, fault: 'the answer is not HTTP' };
    if (status !== undefined && status >= 200 && !this.#wantsBody) return { done: true, status };
    const blank = /\r?\n\r?\n/.exec(bytes.subarray(Math.max(0, this.#seen - 3)).toString('latin1'));
    if (blank === null || status === undefined) {
      this.#seen = bytes.length;
      return bytes.length > HEAD_LIMIT
        ? { done: true, fault: 'the head of the answer is too long' }
        : undefined;
    }
    const end = Math.max(0, this.#seen - 3) + blank.index + blank[0].length;
    if (status < 200) {
      if (++this.#interim > MOST_INTERIM) return { done: true, fault: 'the answer is not HTTP' };
      this.#drop(end);
      return this.#readHead(this.#bytes.subarray(0, this.#length));
    }
    const text = bytes.subarray(0, end).toString('latin1');
    const chunked = /\r?\ntransfer-encoding:[^\r\n]*chunked/i.test(text);
    const size = Number(/\r?\ncontent-length:\s*(\d{1,15})\s*\r?\n/i.exec(text)?.[1] ?? Infinity);
    this.#head = { status, chunked, size: chunked ? Infinity : size, start: end };
    return undefined;
  }

  #drop(count: number): void {
    this.#bytes.copyWithin(0, count, this.#length);
    this.#length -= count;
    this.#seen = 0;
  }
}

function statusOf(line: string): number | undefined {
  const match = /^HTTP\/1\.[01] (\d{3})(?: [^\r]*)?\r?$/.exec(line);
  const status = Number(match?.[1]);
  return match && status >= 100 && status <= 599 ? status : undefined;
}

/** The last chunk, without trailers. */
const endsChunked = (bytes: Buffer): boolean => bytes.subarray(-5).toString('latin1') === '0\r\n\r\n';

/** RFC 9112 section 7.1. An incomplete or wrong chunk ends the body. */
function unchunk(raw: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const line = raw.indexOf(10, at);
    const size =
      line === -1
        ? undefined
        : /^([0-9a-f]{1,8})\s*(?:;|\r?$)/i.exec(raw.subarray(at, line).toString('latin1'));
    const length = parseInt(size?.[1] ?? '0', 16);
    if (length === 0) return Buffer.concat(parts);
    parts.push(raw.subarray(line + 1, line + 1 + length));
    at = raw.indexOf(10, line + 1 + length) + 1;
    if (at === 0) return Buffer.concat(parts);
  }
}
