import { createScheduler } from '../schedulers/all-schedulers.js';
import { withAffinity } from '../schedulers/affinity.js';
import type { VirtualService } from '../plane.js';
import type { Scheduler } from '../schedulers/scheduler.js';

/** How many client addresses one service remembers for affinity. */
const MAX_AFFINITY = 65_536;

/** Makes the scheduler for a service, with its affinity. Each call makes a new one. */
export type CreateScheduler = (service: Pick<VirtualService, 'scheduler' | 'affinity'>) => Scheduler;

/**
 * Makes schedulers for services.
 * @param seed keys their hashes; hosts that should choose alike need the same seed
 * @param now monotonic milliseconds
 */
export function makeScheduler(seed: number, now: () => number): CreateScheduler {
  return ({ scheduler, affinity }) => {
    const made = createScheduler(scheduler, { seed, now });
    return affinity ? withAffinity(made, { timeout: affinity.timeout, max: MAX_AFFINITY, now }) : made;
  };
}
