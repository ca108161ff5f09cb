import { dialSocket } from '../../src/api/socket-dial.js';
import { StreamClient } from '../../src/api/stream-client.js';
import type { SubscribeJson } from '../../src/api/types/stream.js';
import { until } from '../../test/e2e/support/poll.js';

/** What the dashboard's page of the DNS log subscribes to (src/ui/live.ts, src/ui/queries-page.tsx). */
const WANTED: readonly SubscribeJson[] = [
  {
    type: 'subscribe',
    channels: ['state', 'events', 'figures', 'templates'],
    events: { last: 500 },
    figures: { kinds: ['status'], everyMs: 1000 },
  },
  { type: 'subscribe', channels: ['queries'] },
];

export interface LogPage {
  /** @returns how many queries it has been shown */
  close(): Promise<number>;
}

/**
 * What the page of the DNS log costs the daemon, without a browser that takes the other core. It is open when it has
 * the state.
 */
export async function openLogPage(socket: string): Promise<LogPage> {
  let shown = 0;
  const clients = WANTED.map(
    (wanted) =>
      new StreamClient({
        dial: dialSocket({ path: socket }),
        wanted,
        onMessage: (message) => {
          if (message.type === 'queries') shown += message.queries.length;
        },
      }),
  );
  const followed = clients.map((client) => client.follow());
  const hasState = () => Promise.resolve(clients[0]?.position.replica.cursor !== undefined);
  await until('the page has the state', hasState, Boolean, { within: 60_000 });
  return {
    async close() {
      for (const client of clients) client.close();
      await Promise.all(followed);
      return shown;
    },
  };
}
