import { fileURLToPath } from 'node:url';
import type { Netns } from './netns.js';
import { startReportingClient } from './reporting-client.js';

/** What became of the requests of a client. */
export interface Requests {
  readonly requests: number;
  /** Addresses in the smallest answer. */
  readonly fewest: number;
  /** One line for each request, or look-up, that failed. */
  readonly failures: readonly string[];
  readonly byAddress: Readonly<Record<string, number>>;
}

const client = fileURLToPath(new URL('../fixtures/health/requests.ts', import.meta.url));

/**
 * Makes 200 HTTP requests a second to a name, by a client that honours TTLs.
 * @returns ends it
 */
export function startRequests(netns: Netns, name: string, server: string): () => Promise<Requests> {
  return startReportingClient(netns, [client, name, server, '80']);
}
