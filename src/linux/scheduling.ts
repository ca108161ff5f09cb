import { getPriority } from 'node:os';
import type { Libc } from './libc.js';
import { ofArchitecture } from './numbers.js';

/** sched_setattr(2). */
const SCHED_SETATTR = ofArchitecture({ x64: 314, arm64: 274 });

/**
 * The first version of struct sched_attr (linux/sched/types.h): size, policy, flags, nice, priority, runtime, deadline,
 * period.
 */
const ATTR = { words: 12, size: 0, policy: 1, flags: 2, nice: 4, priority: 5, runtime: 6 } as const;
const SCHED_OTHER = 0;
const SCHED_RR = 2;
/** Threads that this one starts get the default scheduling. */
const RESET_ON_FORK = 1;

/** The shortest possible slice, in ns. */
const SLICE_NS = 100_000;
/**
 * The lowest real-time priority. Processes with a real-time priority of their own, such as a watchdog or an audio
 * server, run first.
 */
const LOWEST_PRIORITY = 1;

/**
 * Requests that the calling thread run soon after it wakes, before threads of the same core that want longer time
 * slices, and that it get a larger share than ordinary threads (sched(7)). A larger share needs CAP_SYS_NICE. The slice
 * length takes effect since Linux 6.12. What the kernel refuses stays unchanged.
 */
export function preferLatency(libc: Libc, nice: number): void {
  for (const wanted of [nice, getPriority()])
    if (schedule(libc, { policy: SCHED_OTHER, nice: wanted, runtime: SLICE_NS })) return;
}

/**
 * Requests that the calling thread run as soon as it wakes, before every ordinary thread of the same core (SCHED_RR,
 * sched(7)). This needs CAP_SYS_NICE, and in a version 1 cgroup a share of real time.
 * @returns whether the kernel granted it; if not, nothing has changed
 */
export function runInRealTime(libc: Libc): boolean {
  return schedule(libc, { policy: SCHED_RR, priority: LOWEST_PRIORITY });
}

interface Attributes {
  readonly policy: number;
  readonly nice?: number;
  readonly priority?: number;
  /** In nanoseconds. */
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
