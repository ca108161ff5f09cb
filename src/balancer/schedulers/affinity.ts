import { isAvailable } from './available.js';
import { RecentMap } from './recent-map.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

export interface AffinityOptions {
  /** Seconds after its last flow that a client address is remembered. */
  readonly timeout: number;
  /** Client addresses that are remembered at most; the half that was seen last is never forgotten early. */
  readonly max: number;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

/**
 * Session affinity: all flows of one client address go to the destination that its first one got (IPVS calls it
 * persistence). When that one is gone, quiesced, at its upper threshold or was tried for this flow, the scheduler picks
 * another, and the client stays there.
 */
export function withAffinity(scheduler: Scheduler, { timeout, max, now }: AffinityOptions): Scheduler {
  const chosen = new RecentMap<string>({ max, timeout: timeout * 1000, now });
  let byId: ReadonlyMap<string, Destination> = new Map();
  return {
    update(destinations) {
      byId = new Map(destinations.map((destination) => [destination.id, destination]));
      scheduler.update(destinations);
    },
    pick(flow: Flow, exclude?: ReadonlySet<string>) {
      const known = byId.get(chosen.get(flow.client) ?? '');
      if (isAvailable(known, exclude)) return known;
      const next = scheduler.pick(flow, exclude);
      if (next !== undefined) chosen.set(flow.client, next.id);
      return next;
    },
  };
}
