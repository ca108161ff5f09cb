import type { Libc } from './libc.js';
import { ofArchitecture } from './numbers.js';

const GETRUSAGE = ofArchitecture({ x64: 98, arm64: 165 });
const RUSAGE_THREAD = 1;

/** struct rusage on a 64-bit kernel, in words of 32 bits: times of seconds and µs, 64 bits each, then numbers of 64 bits. */
const RUSAGE = { words: 36, user: 0, system: 4, voluntarySwitches: 32 } as const;

/** What a thread has had from its start to when this was taken. */
export interface ThreadUsage {
  /** Time of a core, user and system, in ms. */
  readonly cpuMs: number;
  /** How often it slept because there was nothing to do, modulo 2^32. */
  readonly waits: number;
}

/** Takes that of the calling thread, each time it is called (getrusage(2)). */
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
