import { createScheduler } from '../schedulers/all-schedulers.js';
import { withAffinity } from '../schedulers/affinity.js';
import type { FrontendContext } from '../proxy/frontend.js';

/** Client addresses that one service remembers for affinity. */
const MAX_AFFINITY = 65_536;

/**
 * Makes the schedulers that services name.
 * @param seed keys their hashes; hosts that are to choose alike have the same
 * @param now milliseconds that only grow
 */
export function makeScheduler(seed: number, now: () => number): FrontendContext['createScheduler'] {
  return ({ scheduler, affinity }) => {
    const made = createScheduler(scheduler, { seed, now });
    return affinity ? withAffinity(made, { timeout: affinity.timeout, max: MAX_AFFINITY, now }) : made;
  };
}
