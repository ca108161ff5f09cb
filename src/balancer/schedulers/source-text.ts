import type { Flow } from './scheduler.js';

/** The input for a hash of a flow's source. */
export function sourceText({ client, clientPort }: Flow, withPort: boolean): string {
  return withPort ? `${client} ${clientPort}` : client;
}
