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
 * persistence). It is remembered while a flow of the client is open, and for the timeout after its last one. When that one is gone, quiesced, at its upper threshold or was tried for this flow, the scheduler picks
 * another, and the client stays there.
 */
export function withAffinity(scheduler: Scheduler, { timeout, max, now }: AffinityOptions): Scheduler {
  const chosen = new RecentMap<string>({ max, timeout: timeout * 1000, now });
  let byId: ReadonlyMap<string, Destination> = new Map();
  /** Open flows by client, with the destination that the last of them went to. */
  const open = new Map<string, { id: string; count: number }>();
  return {
    update(destinations) {
      byId = new Map(destinations.map((destination) => [destination.id, destination]));
      scheduler.update(destinations);
    },
    pick(flow: Flow, exclude?: ReadonlySet<string>) {
      const known = byId.get(open.get(flow.client)?.id ?? chosen.get(flow.client) ?? '');
      if (isAvailable(known, exclude)) return known;
      const next = scheduler.pick(flow, exclude);
      if (next !== undefined) chosen.set(flow.client, next.id);
      return next;
    },
    opened(client, { id }) {
      const entry = open.get(client);
      if (!entry) open.set(client, { id, count: 1 });
      else {
        entry.id = id;
        entry.count++;
      }
    },
    closed(client) {
      const entry = open.get(client);
      if (!entry) return;
      if (--entry.count > 0) return;
      open.delete(client);
      // The time counts from here.
      chosen.set(client, entry.id);
    },
  };
}
