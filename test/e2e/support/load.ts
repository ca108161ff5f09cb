import { fileURLToPath } from 'node:url';
import type { Netns } from './netns.js';
import { startReportingClient } from './reporting-client.js';

/** What became of the requests of a client. */
interface Load {
  readonly requests: number;
  /** One line for each request that failed. */
  readonly failures: readonly string[];
  /** Text to how often it was the answer. */
  readonly byAnswer: Readonly<Record<string, number>>;
}

const script = fileURLToPath(new URL('../fixtures/load.ts', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

/**
 * Makes 200 requests a second, each on a connection of its own.
 * @returns ends it, after a thousand requests at the earliest
 */
export function startLoad(netns: Pick<Netns, 'spawn'>, url: string): () => Promise<Load> {
  return startReportingClient(netns, [script, url], { cwd: root });
}
