import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import { isRawObject, rawNumber, rawObject, rawText, rawTexts } from './raw.js';

/** One message of the engine: a hint that something changed, never the state itself. */
export interface DockerEvent {
  /** `container`, `network` */
  readonly type: string;
  /** `start`, `kill`, `health_status: healthy` */
  readonly action: string;
  /** Attributes of the container or the network. */
  readonly id: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The engine's clock in milliseconds; undefined if not given. */
  readonly at: number | undefined;
}

export interface EventSink {
  event(event: DockerEvent): void;
  /** A message could not be read, so everything must be listed again. */
  gap(why: string): void;
}

/** A line is one event, and an event contains all labels of a container: 64 KiB each, at most a few dozen. */
const maxLine = 4 * 1024 * 1024;
/** Precedes each text of a JSON text sequence. */
const recordSeparator = '\u001e';
/** The engine replays at most 256 events. */
const remembered = 1024;

/**
 * Reads events from chunks that may split and join lines. Accepts JSON lines and JSON text sequences (RFC 7464). Drops
 * an event that was already seen (same time in nanoseconds, type, action and subject), because both a replay and the
 * live channel may deliver it.
 */
export class EventParser {
  readonly #sink: EventSink;
  readonly #seen: SeenEvents;
  readonly #limit: number;
  #decoder = new StringDecoder('utf8');
  #rest = '';
  #skipping = false;

  constructor(sink: EventSink, seen: SeenEvents, limit = maxLine) {
    this.#sink = sink;
    this.#seen = seen;
    this.#limit = limit;
  }

  write(chunk: Uint8Array | string): void {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.write(Buffer.from(chunk));
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      this.#line(this.#rest + text.slice(from, end));
      this.#rest = '';
      from = end + 1;
    }
    this.#rest += text.slice(from);
    if (this.#rest.length <= this.#limit) return;
    this.#rest = '';
    if (!this.#skipping) this.#sink.gap(`an event is longer than ${this.#limit} characters`);
    this.#skipping = true;
  }

  #line(text: string): void {
    if (this.#skipping) {
      this.#skipping = false;
      return;
    }
    const line = (text.startsWith(recordSeparator) ? text.slice(1) : text).trim();
    if (line === '') return;
    const event = parseEvent(line);
    if (event === undefined) this.#sink.gap('an event is not a JSON object');
    else if (event !== 'other' && this.#seen.isNew(event)) this.#sink.event(event);
  }
}

/** @returns `other` for an object that is not an event; undefined for anything but an object */
function parseEvent(
  line: string,
): (DockerEvent & { readonly stamp: string | undefined }) | 'other' | undefined {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isRawObject(json)) return undefined;
  const actor = rawObject(json.Actor);
  // API 1.52 dropped the lower-case fields; engines before 1.22 had only those.
  const action = rawText(json.Action) ?? rawText(json.status);
  const id = rawText(actor.ID) ?? rawText(json.id);
  if (action === undefined || id === undefined) return 'other';
  const nano = rawNumber(json.timeNano);
  const attributes = rawTexts(actor.Attributes);
  const type = rawText(json.Type) ?? 'container';
  return {
    type,
    action,
    id,
    attributes,
    at: nano === undefined ? undefined : nano / 1e6,
    // A double has a precision of only 256 ns here, so the digits are taken from the text.
    stamp: nano === undefined ? undefined : (/"timeNano":\s*(\d+)/.exec(line)?.[1] ?? String(nano)),
  };
}

/** The last events of all connections, because a replay after a reconnect repeats earlier ones. */
export class SeenEvents {
  readonly #keys = new Set<string>();

  isNew(event: DockerEvent & { readonly stamp: string | undefined }): boolean {
    if (event.stamp === undefined) return true;
    const key = [event.stamp, event.type, event.action, event.id, event.attributes.container ?? ''].join(' ');
    if (this.#keys.has(key)) return false;
    this.#keys.add(key);
    if (this.#keys.size > remembered) {
      for (const oldest of this.#keys) {
        this.#keys.delete(oldest);
        break;
      }
    }
    return true;
  }
}

/**
 * Reads a stream to its end.
 * @returns `ended` resolves once with the reason for the end of the stream; it never rejects
 */
export function watchStream(
  stream: Readable,
  parser: EventParser,
): { readonly ended: Promise<string>; stop(): void } {
  let finish: (why: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    finish = resolve;
  });
  stream.on('data', (chunk: Uint8Array | string) => parser.write(chunk));
  stream.once('end', () => finish('the event stream ended'));
  stream.once('aborted', () => finish('the event stream broke off'));
  stream.on('error', () => finish('the event stream broke off'));
  stream.once('close', () => finish('the event stream was closed'));
  if (stream.destroyed) finish('the event stream was closed');
  return {
    ended,
    stop() {
      finish('stopped');
      stream.destroy();
    },
  };
}
