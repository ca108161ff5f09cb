import { fnv1a } from '../../../../net/hash-text.js';
import type { VirtualService } from '../../../plane.js';
import type { SchedulerName } from '../../../../net/balancing.js';

/**
 * These look at the number of connections, or remember what they have chosen. Two instances would not choose as one
 * does.
 */
const ONE_STATE: ReadonlySet<SchedulerName> = new Set([
  ...(['lc', 'wlc', 'sed', 'nq', 'twos', 'ovf', 'lblc', 'lblcr'] as const),
  // Their tables depend on the order in which tasks came and went, which a restarted thread has not seen.
  ...(['sh', 'sh-port', 'dh'] as const),
]);

/**
 * Chooses which threads accept the connections of a service. Usually all of them do. If the scheduler works only with
 * the knowledge of a single thread, a hash of the service selects one. When a service moves to one thread, the open
 * flows in other threads do not count there.
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
