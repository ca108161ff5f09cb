import type { Libc } from './libc.js';

/** sched_setattr(2). */
const NUMBERS = { x64: 314, arm64: 274 } as const;

/** struct sched_attr (linux/sched/types.h) as of its first version: size, policy, flags, nice, priority, runtime, deadline, period. */
const ATTR = { words: 12, size: 0, nice: 4, runtime: 6 } as const;

/** The shortest that there is, in ns. */
const SLICE_NS = 100_000;

/**
 * Asks that the calling thread run soon after it wakes, before threads of the same core that want longer turns, and that it have a
 * larger share than ordinary ones (sched(7)). A share needs CAP_SYS_NICE; the length of turns is heeded since Linux 6.12. What is not
 * granted is left as it was.
 * @param nice below 0
 */
export function preferLatency(libc: Libc, nice: number): void {
  const attr = new Int32Array(new ArrayBuffer(ATTR.words * 4));
  attr[ATTR.size] = ATTR.words * 4;
  attr[ATTR.runtime] = SLICE_NS;
  const pointer = libc.address(attr.buffer);
  const number = NUMBERS[process.arch === 'arm64' ? 'arm64' : 'x64'];
  for (const wanted of [nice, 0]) {
    attr[ATTR.nice] = wanted;
    if (libc.syscall(number, 0, pointer, 0, 0, 0) === 0) return;
  }
}
