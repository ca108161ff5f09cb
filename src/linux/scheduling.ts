import { getPriority } from 'node:os';
import type { Libc } from './libc.js';
import { ofArchitecture } from './numbers.js';

/** sched_setattr(2). */
const SCHED_SETATTR = ofArchitecture({ x64: 314, arm64: 274 });

/** struct sched_attr (linux/sched/types.h) as of its first version: size, policy, flags, nice, priority, runtime, deadline, period. */
const ATTR = { words: 12, size: 0, policy: 1, flags: 2, nice: 4, priority: 5, runtime: 6 } as const;
const SCHED_OTHER = 0;
const SCHED_RR = 2;
/** What the thread starts is ordinary again. */
const RESET_ON_FORK = 1;

/** The shortest that there is, in ns. */
const SLICE_NS = 100_000;
/** The lowest of the real-time priorities: a process that has one on purpose, as a watchdog or an audio server has, runs first. */
const LOWEST_PRIORITY = 1;

/**
 * Asks that the calling thread run soon after it wakes, before threads of the same core that want longer turns, and that it have a
 * larger share than ordinary ones (sched(7)). A share needs CAP_SYS_NICE; the length of turns is heeded since Linux 6.12. What is not
 * granted is left as it was.
 * @param nice below 0
 */
export function preferLatency(libc: Libc, nice: number): void {
  for (const wanted of [nice, getPriority()])
    if (schedule(libc, { policy: SCHED_OTHER, nice: wanted, runtime: SLICE_NS })) return;
}

/**
 * Asks that the calling thread run as soon as it wakes, before every ordinary thread of the same core (SCHED_RR, sched(7)). It needs
 * CAP_SYS_NICE, and in a cgroup of the first version a share of real time.
 * @returns whether it is granted; if not, nothing has changed
 */
export function runInRealTime(libc: Libc): boolean {
  return schedule(libc, { policy: SCHED_RR, priority: LOWEST_PRIORITY });
}

interface Attributes {
  readonly policy: number;
  readonly nice?: number;
  readonly priority?: number;
  /** ns */
  readonly runtime?: number;
}

function schedule(libc: Libc, { policy, nice = 0, priority = 0, runtime = 0 }: Attributes): boolean {
  const attr = new Int32Array(new ArrayBuffer(ATTR.words * 4));
  attr[ATTR.size] = ATTR.words * 4;
  attr[ATTR.policy] = policy;
  attr[ATTR.flags] = RESET_ON_FORK;
  attr[ATTR.nice] = nice;
  attr[ATTR.priority] = priority;
  attr[ATTR.runtime] = runtime;
  return libc.syscall(SCHED_SETATTR, 0, libc.address(attr.buffer), 0, 0, 0) === 0;
}
