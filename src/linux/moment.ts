import { keptPointers } from './kept-pointers.js';
import type { Libc } from './libc.js';
import type { Pointer } from './pointer.js';
import { TIMESPEC_SIZE } from './numbers.js';

/** Of clock_gettime(2). Monotonic; process.hrtime() reads the same clock. */
const CLOCK_MONOTONIC = 1;

/** A point in time. Node's own clocks return numbers that are heap objects. Taking a Moment allocates nothing. */
export class Moment {
  readonly #libc: Libc;
  readonly #words = new Int32Array(new ArrayBuffer(TIMESPEC_SIZE));
  readonly #pointer: readonly Pointer[];

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#pointer = keptPointers([libc.address(this.#words.buffer)]);
    this.take();
  }

  /** Sets it to the current time. */
  take(): void {
    this.#libc.clock_gettime(CLOCK_MONOTONIC, this.#pointer[0] ?? 0);
  }

  /** Whole seconds. */
  get seconds(): number {
    return this.#words[0] ?? 0;
  }

  /** Microseconds since an earlier moment, rounded up; 35 minutes at most. */
  since(earlier: Moment): number {
    const nanoseconds = (this.#words[2] ?? 0) - (earlier.#words[2] ?? 0);
    return ((this.seconds - earlier.seconds) * 1_000_000 + Math.ceil(nanoseconds / 1000)) | 0;
  }
}
