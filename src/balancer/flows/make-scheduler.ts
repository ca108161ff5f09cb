import { createScheduler } from '../schedulers/all-schedulers.js';
import { withAffinity } from '../schedulers/affinity.js';
import type { VirtualService } from '../plane.js';
import type { Scheduler } from '../schedulers/scheduler.js';

/** Client addresses that one service remembers for affinity. */
const MAX_AFFINITY = 65_536;

/** Makes the scheduler that a service names, with its affinity; a new one each time. */
export type CreateScheduler = (service: Pick<VirtualService, 'scheduler' | 'affinity'>) => Scheduler;

/**
 * Makes the schedulers that services name.
 * @param seed keys their hashes; hosts that are to choose alike have the same
 * @param now milliseconds that only grow
 */
export function makeScheduler(seed: number, now: () => number): CreateScheduler {
  return ({ scheduler, affinity }) => {
    const made = createScheduler(scheduler, { seed, now });
    return affinity ? withAffinity(made, { timeout: affinity.timeout, max: MAX_AFFINITY, now }) : made;
  };
}
