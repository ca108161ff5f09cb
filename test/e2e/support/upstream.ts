import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Netns } from './netns.js';
import { until } from './poll.js';

const script = fileURLToPath(new URL('../fixtures/upstream.ts', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Name to type to data: `{'example.org': {A: ['192.0.2.1']}}`. What has `RCODE: ['SERVFAIL']` fails. */
export type UpstreamRecords = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface Upstream {
  /** Every query so far, `name type`, in order. */
  readonly queries: readonly string[];
  stop(): Promise<void>;
}

/** Starts the scripted DNS server in a namespace, at an address that the namespace has; it ends with the namespace at the latest. */
export async function startUpstream(
  netns: Netns,
  address: string,
  records: UpstreamRecords,
): Promise<Upstream> {
  const child = netns.spawn(process.execPath, ['--import', 'tsx', script, address, JSON.stringify(records)], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const queries: string[] = [];
  let isReady = false;
  if (child.stdout === null) throw new Error('the upstream has no standard output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') isReady = true;
    else queries.push(line);
  });
  await until('the upstream is ready', () => Promise.resolve(isReady), Boolean);
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { queries, stop };
}
