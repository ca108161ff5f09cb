import { fnv1a } from '../../../../net/hash-text.js';
import type { VirtualService } from '../../../plane.js';
import type { SchedulerName } from '../../../../net/balancing.js';

/** They look at how many connections there are, or remember what they have chosen: two of them would not choose as one does. */
const ONE_STATE: ReadonlySet<SchedulerName> = new Set([
  ...(['lc', 'wlc', 'sed', 'nq', 'twos', 'ovf', 'lblc', 'lblcr'] as const),
  // Their tables follow from the tasks that came and went, which a thread that was started again has not seen.
  ...(['sh', 'sh-port', 'dh'] as const),
]);

/**
 * Which of several threads accept the connections of a service: all of them, or the one that a hash of the service gives where
 * its rules hold only for what one thread knows of. What is open in other threads when a service moves to one does not count there.
 * @returns numbers from 0
 */
export function threadsFor(service: VirtualService, threads: number): readonly number[] {
  if (threads > 1 && needsOneThread(service)) return [fnv1a(`${service.service}:${service.port}`) % threads];
  return Array.from({ length: threads }, (_, thread) => thread);
}

function needsOneThread(service: VirtualService): boolean {
  const { scheduler, affinity, maxConnections, maxPerClient, backends } = service;
  return (
    ONE_STATE.has(scheduler) ||
    affinity !== undefined ||
    maxConnections !== undefined ||
    maxPerClient !== undefined ||
    backends.some((each) => each.maxConnections !== undefined)
  );
}
