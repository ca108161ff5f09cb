import { every, type Timers } from '../../runtime/timers.js';
import { rcodeName, typeName } from '../../wire/constants.js';
import { decodeMessage } from '../../wire/message.js';
import { nameToText } from '../../wire/name-text.js';
import { rdataToText } from '../../wire/record-text.js';
import { formatUpstream } from '../../net/upstream.js';
import type { Transport } from '../accept.js';
import type { LoggedReply, QueryPrivacy } from './query-log.js';

/** A query and its reply, as people see it. All texts are printable ASCII. */
export interface SeenQuery {
  /** When it was answered, milliseconds since the epoch. */
  readonly at: number;
  /** Address of the client; undefined: not shown. */
  readonly client?: string;
  readonly transport: Transport;
  /** Presentation format. Undefined if it could not be read, or is not shown. */
  readonly name?: string;
  readonly type?: string;
  readonly rcode: string;
  /** The data of the first records of the answer. */
  readonly answers: readonly string[];
  /** Who answered. */
  readonly by: 'own' | 'cache' | 'upstream';
  /** The server that was asked, or whose answer was cached. */
  readonly upstream?: string;
  /** Microseconds from the query to the reply. */
  readonly us: number;
  /** How many queries it stands for. */
  readonly oneOf: number;
}

export interface SeenQueries {
  /** One of this many queries is looked at now. */
  readonly oneOf: number;
  /** How many of those were left out since the last time, because there were too many at once. */
  readonly missed: number;
  readonly queries: readonly SeenQuery[];
}

export interface QueryWatchOptions {
  readonly timers: Pick<Timers, 'after'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Called with the share of queries to look at, 0 to 1, whenever it changes. */
  readonly onShare: (share: number) => void;
}

/** How often what was seen is handed on, in milliseconds. */
const ROUND_MS = 100;
/** With more queries than this in a round, a smaller share is looked at from then on. */
const FULL = 50;
/** So many rounds in a row with few queries, and a larger share is looked at. */
const CALM_ROUNDS = 10;
const LARGEST = 2 ** 20;
/** The most that wait to be handed on; the share does not shrink at once in the threads that answer. */
const MOST_WAITING = 500;
const SHOWN_ANSWERS = 8;
const LIMITS = { records: 512 };

/**
 * Lets people look at queries while they are answered. Without them nothing is looked at, and it costs nothing.
 * Otherwise the share of queries that is looked at follows their rate, so that about 500 a second are seen at most.
 */
export class QueryWatch {
  /** How much of a query is shown. */
  privacy: QueryPrivacy = 'off';
  readonly #options: QueryWatchOptions;
  readonly #followers = new Set<(seen: SeenQueries) => void>();
  #oneOf = 1;
  #inRound = 0;
  #calmRounds = 0;
  #missed = 0;
  #waiting: SeenQuery[] = [];
  #stop: (() => void) | undefined;

  constructor(options: QueryWatchOptions) {
    this.#options = options;
  }

  /** The share of queries to look at, 0 to 1. */
  get share(): number {
    return this.#followers.size === 0 ? 0 : 1 / this.#oneOf;
  }

  /** @returns ends it */
  follow(follower: (seen: SeenQueries) => void): () => void {
    this.#followers.add(follower);
    if (this.#followers.size === 1) this.#begin();
    follower({ oneOf: this.#oneOf, missed: 0, queries: [] });
    return () => {
      if (!this.#followers.delete(follower) || this.#followers.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
      this.#waiting = [];
      this.#options.onShare(0);
    };
  }

  see(reply: LoggedReply): void {
    if (this.#followers.size === 0) return;
    this.#inRound += 1;
    if (this.#waiting.length >= MOST_WAITING) this.#missed += 1;
    else
      this.#waiting.push(seenQuery(reply, this.privacy, { at: this.#options.clock(), oneOf: this.#oneOf }));
    if (this.#inRound % FULL === 0) this.#look(this.#oneOf * 4);
  }

  #begin(): void {
    this.#oneOf = 1;
    this.#inRound = 0;
    this.#calmRounds = 0;
    this.#missed = 0;
    this.#stop = every(this.#options.timers, ROUND_MS, () => this.#handOn());
    this.#options.onShare(this.share);
  }

  #handOn(): void {
    this.#calmRounds = this.#inRound < FULL / 8 ? this.#calmRounds + 1 : 0;
    this.#inRound = 0;
    const before = this.#oneOf;
    if (this.#calmRounds >= CALM_ROUNDS) {
      this.#calmRounds = 0;
      this.#look(before / 2);
    }
    if (this.#waiting.length + this.#missed === 0 && before === this.#oneOf) return;
    const seen = { oneOf: this.#oneOf, missed: this.#missed, queries: this.#waiting };
    this.#waiting = [];
    this.#missed = 0;
    for (const follower of [...this.#followers]) follower(seen);
  }

  #look(oneOf: number): void {
    const next = Math.min(LARGEST, Math.max(1, oneOf));
    if (next === this.#oneOf) return;
    this.#oneOf = next;
    this.#options.onShare(this.share);
  }
}

/** @param more when it was answered, and how many queries it stands for */
export function seenQuery(
  { client, question, rcode, source, isCached, upstream, message, ms }: LoggedReply,
  privacy: QueryPrivacy,
  more: Pick<SeenQuery, 'at' | 'oneOf'>,
): SeenQuery {
  const showsName = privacy !== 'no-names';
  return {
    at: more.at,
    ...(privacy === 'off' && { client: client.address }),
    transport: client.transport,
    ...(question && showsName && { name: nameToText(question.name) }),
    ...(question && { type: typeName(question.type) }),
    rcode: rcodeName(rcode),
    answers: showsName ? answersOf(message) : [],
    by: source === 'own' ? 'own' : isCached ? 'cache' : 'upstream',
    ...(upstream && { upstream: formatUpstream(upstream) }),
    us: Math.round(ms * 1000),
    oneOf: more.oneOf,
  };
}

function answersOf(message: Uint8Array): string[] {
  const decoded = decodeMessage(message, LIMITS);
  if (!decoded.ok) return [];
  return decoded.message.answers.slice(0, SHOWN_ANSWERS).map(({ rdata }) => rdataToText(rdata));
}
