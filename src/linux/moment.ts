import type { Libc, Pointer } from './libc.js';

/** clock_gettime(2); process.hrtime() reads the same. */
const CLOCK_MONOTONIC = 1;
/** struct timespec on a 64-bit system: seconds and nanoseconds, 64 bits each. */
const TIMESPEC_SIZE = 16;

/** A moment of the clock that only goes on. Unlike with Node's own clocks, whose numbers are objects, taking it leaves nothing to collect. */
export class Moment {
  readonly #libc: Libc;
  readonly #words = new Int32Array(new ArrayBuffer(TIMESPEC_SIZE));
  /** The number beside something else stays the object that a call takes: none is made for each call. */
  readonly #pointer: readonly unknown[];

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#pointer = [libc.address(this.#words.buffer), undefined];
    this.take();
  }

  /** It is now. */
  take(): void {
    this.#libc.clock_gettime(CLOCK_MONOTONIC, this.#pointer[0] as Pointer);
  }

  /** Whole ones. */
  get seconds(): number {
    return this.#words[0] ?? 0;
  }

  /** µs since an earlier one, 35 minutes at most; rounded up. */
  since(earlier: Moment): number {
    const nanoseconds = (this.#words[2] ?? 0) - (earlier.#words[2] ?? 0);
    return ((this.seconds - earlier.seconds) * 1_000_000 + Math.ceil(nanoseconds / 1000)) | 0;
  }
}
