import { keptPointers } from './kept-pointers.js';
import type { Libc, Pointer } from './libc.js';

/** getrusage(2). */
const NUMBERS = { x64: 98, arm64: 165 } as const;
const RUSAGE_THREAD = 1;

/** struct rusage on a 64-bit kernel, in words of 32 bits: times of seconds and µs, 64 bits each, then numbers of 64 bits. */
const USAGE = { words: 36, user: 0, system: 4, voluntarySwitches: 32 } as const;

/** What the calling thread has had, from its start to when this was taken last. Taking it leaves nothing to collect. */
export class ThreadUsage {
  readonly #libc: Libc;
  readonly #number = NUMBERS[process.arch === 'arm64' ? 'arm64' : 'x64'];
  readonly #words = new Int32Array(new ArrayBuffer(USAGE.words * 4));
  readonly #pointer: readonly Pointer[];

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#pointer = keptPointers([libc.address(this.#words.buffer)]);
    this.take();
  }

  /** It is now. */
  take(): void {
    this.#libc.syscall(this.#number, RUSAGE_THREAD, this.#pointer[0] ?? 0, 0, 0, 0);
  }

  /** Time of a core, user and system, in ms. */
  get cpuMs(): number {
    return this.#ms(USAGE.user) + this.#ms(USAGE.system);
  }

  /** How often it slept because there was nothing to do, modulo 2^32. */
  get waits(): number {
    return (this.#words[USAGE.voluntarySwitches] ?? 0) >>> 0;
  }

  #ms(at: number): number {
    return (this.#words[at] ?? 0) * 1000 + (this.#words[at + 2] ?? 0) / 1000;
  }
}
