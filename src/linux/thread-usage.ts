import type { Libc } from './libc.js';
import { ofArchitecture } from './numbers.js';

const GETRUSAGE = ofArchitecture({ x64: 98, arm64: 165 });
const RUSAGE_THREAD = 1;

/**
 * struct rusage on a 64-bit kernel, in 32-bit words: times as seconds and µs, 64 bits each, followed by 64-bit numbers.
 */
const RUSAGE = { words: 36, user: 0, system: 4, voluntarySwitches: 32 } as const;

/** What a thread has used since its start. */
export interface ThreadUsage {
  /** CPU time in ms, user and system. */
  readonly cpuMs: number;
  /** How often the thread slept because it had nothing to do, modulo 2^32. */
  readonly waits: number;
}

/** Returns a function that reads the usage of the calling thread (getrusage(2)). */
export function threadUsage(libc: Libc): () => ThreadUsage {
  const words = new Int32Array(new ArrayBuffer(RUSAGE.words * 4));
  const pointer = libc.address(words.buffer);
  const ms = (at: number): number => (words[at] ?? 0) * 1000 + (words[at + 2] ?? 0) / 1000;
  return () => {
    libc.syscall(GETRUSAGE, RUSAGE_THREAD, pointer, 0, 0, 0);
    return {
      cpuMs: ms(RUSAGE.user) + ms(RUSAGE.system),
      waits: (words[RUSAGE.voluntarySwitches] ?? 0) >>> 0,
    };
  };
}
