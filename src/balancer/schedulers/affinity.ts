import { isAvailable } from './available.js';
import { RecentMap } from './recent-map.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';

export interface AffinityOptions {
  /** Seconds after its last flow during which a client address is remembered. */
  readonly timeout: number;
  /** The most client addresses to remember. The most recently seen half is never forgotten early. */
  readonly max: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Session affinity: all flows of a client address go to the destination of its first flow (IPVS calls it persistence).
 * The destination is remembered while the client has an open flow, and for the timeout after its last one. If the
 * destination is removed, quiesced, at its upper threshold, or was already tried for this flow, the scheduler picks
 * another one, and the client stays there.
 */
export function withAffinity(scheduler: Scheduler, { timeout, max, now }: AffinityOptions): Scheduler {
  const chosen = new RecentMap<string>({ max, timeout: timeout * 1000, now });
  let byId: ReadonlyMap<string, Destination> = new Map();
  /** Open flows by client, with the destination of the latest. */
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
      // The timeout starts here.
      chosen.set(client, entry.id);
    },
  };
}
