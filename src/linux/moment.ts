import { keptPointers } from './kept-pointers.js';
import type { Libc } from './libc.js';
import type { Pointer } from './pointer.js';
import { TIMESPEC_SIZE } from './numbers.js';

/** Of clock_gettime(2): it only goes on; process.hrtime() reads the same. */
const CLOCK_MONOTONIC = 1;

/** A moment. Unlike with Node's own clocks, whose numbers are objects, taking it leaves nothing to collect. */
export class Moment {
  readonly #libc: Libc;
  readonly #words = new Int32Array(new ArrayBuffer(TIMESPEC_SIZE));
  readonly #pointer: readonly Pointer[];

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#pointer = keptPointers([libc.address(this.#words.buffer)]);
    this.take();
  }

  /** It is now. */
  take(): void {
    this.#libc.clock_gettime(CLOCK_MONOTONIC, this.#pointer[0] ?? 0);
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
