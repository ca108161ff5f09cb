import { fileURLToPath } from 'node:url';
import type { Netns } from './netns.js';

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
  const child = netns.spawn(process.execPath, ['--import', 'tsx', client, name, server, '80'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const output: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => output.push(chunk));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return async () => {
    child.stdin?.end();
    await ended;
    return JSON.parse(Buffer.concat(output).toString()) as Requests;
  };
}
