import { rcodeName, TYPE, typeName } from '../../wire/constants.js';

/** Types with their own counters; the others share one. */
const COUNTED = [
  TYPE.A,
  TYPE.AAAA,
  TYPE.SRV,
  TYPE.PTR,
  TYPE.TXT,
  TYPE.CNAME,
  TYPE.NS,
  TYPE.SOA,
  TYPE.MX,
  TYPE.HTTPS,
  TYPE.SVCB,
] as const;

const TYPES = COUNTED.length + 1;
const RCODES = 16;
/** One counter for each combination of type, code and source, so a reply costs one addition. */
const PER_TYPE = RCODES * 2;
const PLAIN_AT = TYPES * PER_TYPE;

/** Single counters. */
const PLAIN = ['truncated', 'misses', 'sourcePort', 'overload', 'sendErrors', 'batches'] as const;

export type PlainCounter = (typeof PLAIN)[number];

const BATCHES_AT = PLAIN_AT + PLAIN.length;
/** Batches of 1, 2, 3-4, 5-8, ... datagrams. */
const BATCH_BUCKETS = 8;
const TIMES_AT = BATCHES_AT + BATCH_BUCKETS;
/** From the arrival of a batch until its replies are sent: up to 8, 16, 32, ... microseconds. */
const TIME_BUCKETS = 16;
const FIRST_TIME_US = 8;
const SIZE = TIMES_AT + TIME_BUCKETS;

/** A histogram whose buckets are powers of two. */
export interface Histogram {
  /** The upper bounds; the last bucket has none. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

export interface TallyCounts extends Readonly<Record<PlainCounter, number>> {
  readonly queries: Readonly<Record<string, number>>;
  readonly replies: Readonly<Record<string, number>>;
  readonly own: number;
  readonly upstream: number;
  /** Datagrams received together. */
  readonly batchSizes: Histogram;
  /** Microseconds from the arrival of a batch to its replies. */
  readonly times: Histogram;
}

/** The index of a type's counter, for types below 256. */
const PLACE_OF_TYPE = new Uint8Array(new ArrayBuffer(256)).fill(COUNTED.length);
for (const [at, type] of COUNTED.entries()) PLACE_OF_TYPE[type] = at;

/**
 * The counters of one answering thread, in memory that other threads may read. One thread writes. A reader may be a few
 * counts late, but never sees half a number.
 */
export class Tally {
  readonly memory: SharedArrayBuffer;
  readonly #counts: Float64Array;

  /** @param memory the memory of another thread; absent: new memory */
  constructor(memory = new SharedArrayBuffer(SIZE * 8)) {
    this.memory = memory;
    this.#counts = new Float64Array(memory);
  }

  /** @param upstream 1 if the answer came from an upstream, else 0 */
  answered(type: number, rcode: number, upstream: number): void {
    const counts = this.#counts;
    const row = type < 256 ? (PLACE_OF_TYPE[type] ?? 0) : COUNTED.length;
    const place = row * PER_TYPE + (rcode << 1) + upstream;
    counts[place] = (counts[place] ?? 0) + 1;
  }

  count(counter: PlainCounter, more = 1): void {
    const place = PLAIN_AT + PLAIN.indexOf(counter);
    this.#counts[place] = (this.#counts[place] ?? 0) + more;
  }

  /** @param us microseconds from the arrival of the batch until its replies were sent */
  batch(size: number, us: number): void {
    this.count('batches');
    this.#bucket(BATCHES_AT, BATCH_BUCKETS, size, 1);
    this.#bucket(TIMES_AT, TIME_BUCKETS, us / FIRST_TIME_US, size);
  }

  /** The sum of several threads' counters. */
  static sum(tallies: readonly Tally[]): TallyCounts {
    const at = (place: number) => tallies.reduce((sum, tally) => sum + (tally.#counts[place] ?? 0), 0);
    const all = Array.from({ length: TYPES * PER_TYPE }, (_, place) => ({
      row: Math.floor(place / PER_TYPE),
      rcode: (place % PER_TYPE) >> 1,
      upstream: place & 1,
      count: at(place),
    }));
    const sumOf = (which: (each: (typeof all)[number]) => boolean) =>
      all.filter(which).reduce((sum, { count }) => sum + count, 0);
    const named = (names: readonly string[], key: 'row' | 'rcode') =>
      Object.fromEntries(
        names
          .map((name, i) => [name, sumOf((each) => each[key] === i)] as const)
          .filter(([, count]) => count > 0),
      );
    const histogram = (from: number, buckets: number, first: number): Histogram => ({
      bounds: Array.from({ length: buckets - 1 }, (_, i) => first * 2 ** i),
      counts: Array.from({ length: buckets }, (_, i) => at(from + i)),
    });
    const rcodes = Array.from({ length: RCODES }, (_, rcode) => rcodeName(rcode));
    const plain = Object.fromEntries(PLAIN.map((name, i) => [name, at(PLAIN_AT + i)]));
    return {
      ...(plain as Record<PlainCounter, number>),
      queries: named([...COUNTED.map(typeName), 'other'], 'row'),
      replies: named(rcodes, 'rcode'),
      own: sumOf(({ upstream }) => upstream === 0),
      upstream: sumOf(({ upstream }) => upstream === 1),
      batchSizes: histogram(BATCHES_AT, BATCH_BUCKETS, 1),
      times: histogram(TIMES_AT, TIME_BUCKETS, FIRST_TIME_US),
    };
  }

  /** Buckets up to 1, 2, 4, ... */
  #bucket(from: number, buckets: number, value: number, more: number): void {
    const power = value <= 1 ? 0 : 32 - Math.clz32(Math.ceil(value) - 1);
    const place = from + Math.min(power, buckets - 1);
    this.#counts[place] = (this.#counts[place] ?? 0) + more;
  }
}
