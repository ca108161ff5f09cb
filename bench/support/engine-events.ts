import { createInterface } from 'node:readline';
import type { Netns } from '../../test/e2e/support/netns.js';

interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly Attributes: Readonly<Record<string, string>> };
}

/** The engine's own stamps, read from its event stream. */
export interface EngineEvents {
  /**
   * When the engine says that the next `action` of a container happened, in milliseconds since the epoch. Only events
   * from this call on count.
   */
  next(container: string, action: string): Promise<number>;
}

export async function followEvents(netns: Netns, socket: string): Promise<EngineEvents> {
  const waiting = new Map<string, (at: number) => void>();
  const args = ['-H', `unix://${socket}`, 'events', '--filter=type=container', '--format={{json .}}'];
  // When the engine goes, the client complains of it.
  const child = netns.spawn('/usr/bin/docker', args, { stdio: ['ignore', 'pipe', 'ignore'] });
  if (child.stdout === null) throw new Error('docker events has no standard output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { Action, Actor } = JSON.parse(line) as EngineEvent;
    const key = `${Actor.Attributes['name'] ?? ''} ${Action}`;
    const resolve = waiting.get(key);
    waiting.delete(key);
    resolve?.(stampOf(line));
  });
  // The stream says nothing until something happens; half a second is ample for the client to subscribe.
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    next: (container, action) =>
      new Promise((resolve) => {
        waiting.set(`${container} ${action}`, resolve);
      }),
  };
}

/** `timeNano` is beyond what a JSON number holds exactly. */
function stampOf(line: string): number {
  const nanoseconds = BigInt(/"timeNano":(\d+)/.exec(line)?.[1] ?? '0');
  return Number(nanoseconds / 1000n) / 1000;
}
