import type { Flow } from './scheduler.js';

/** What a hash of a flow's source is made of. */
export function sourceText({ client, clientPort }: Flow, withPort: boolean): string {
  return withPort ? `${client} ${clientPort}` : client;
}
