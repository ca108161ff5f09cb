// From a container's start on one host until another host answers with it: `two-hosts.ts CHANGES GAP`, in milliseconds.
// Each host is a network namespace with a Docker engine, a Consul agent and the built Fairlead; a Consul server is in a
// third one. Prints the figures as one line of JSON. Needs root and the programs of the tests with engines.
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createCluster, type ClusterHost } from '../../test/e2e/support/cluster.js';
import { requestOverSocket } from '../../test/e2e/support/http.js';
import { composeLabels } from '../../test/e2e/support/labels.js';
import { enginePrograms, installLine, missingRequirements } from '../../test/e2e/support/requirements.js';
import { followEvents, type EngineEvents } from '../support/engine-events.js';
import { percentile } from '../support/percentile.js';
import type { Server, WatchReport, WatchTask } from './answer-watcher.js';

interface Latency {
  readonly p50_ms: number;
  readonly p99_ms: number;
}

export interface TwoHostsFigures extends Record<Server, Latency> {
  readonly changes: number;
  readonly gap_ms: number;
  /** How much later than the blocking query Fairlead answers, change by change. */
  readonly fairlead_after_consul_http: Latency;
}

const SERVERS = ['fairlead', 'consul_http', 'consul_dns'] as const satisfies readonly Server[];

/** The service's first container stays, so that the service is there and is watched. */
const FIRST_PORT = 20_000;

const script = fileURLToPath(new URL('answer-watcher.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const nameOf = (change: number): string => `shop-web-${change}`;

/** When each server had the port, in milliseconds since the epoch. */
type Sightings = Readonly<Record<Server, number>>;

interface Watcher {
  /** Resolves when every server has answered, with a promise of when they had the port. */
  watch(port: number): Promise<{ readonly seen: Promise<Sightings> }>;
}

function startWatcher({ netns }: ClusterHost): Watcher {
  const child = netns.spawn(process.execPath, ['--import', 'tsx', script], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('the watcher has no pipes');
  let onReport: (report: WatchReport) => void = () => undefined;
  let onEnd: (error: Error) => void = () => undefined;
  child.once('exit', (code) => onEnd(new Error(`the watcher ended with ${String(code)}`)));
  createInterface({ input: stdout }).on('line', (line) => onReport(JSON.parse(line) as WatchReport));
  return {
    watch: (port) =>
      new Promise((armed, reject) => {
        onEnd = reject;
        const at = new Map<Server, number>();
        const seen = new Promise<Sightings>((resolve, fail) => {
          onReport = (report) => {
            if (report.kind === 'armed') {
              onEnd = fail;
              armed({ seen });
            } else if (report.kind === 'early') {
              reject(new Error(`${report.server} has port ${port} before its container was started`));
            } else {
              at.set(report.server, report.at);
              if (at.size === SERVERS.length) resolve(Object.fromEntries(at) as Record<Server, number>);
            }
          };
        });
        const registered = 'shop-web';
        const task = { port, registered, name: '_80._tcp.web.shop.rancher.internal' } satisfies WatchTask;
        stdin.write(`${JSON.stringify(task)}\n`);
      }),
  };
}

interface Bench {
  readonly alpha: ClusterHost;
  readonly socket: string;
  readonly events: EngineEvents;
  readonly watcher: Watcher;
}

async function create({ alpha }: Bench, change: number): Promise<void> {
  await alpha.docker.cli(
    ...['create', `--name=${nameOf(change)}`, `--publish=${FIRST_PORT + change}:80`],
    ...Object.entries(composeLabels('shop', 'web', change)).map(([key, value]) => `--label=${key}=${value}`),
    ...['node', '/bin/sh', '-c', 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done'],
  );
}

/** Starts a container. @returns milliseconds from the engine's own stamp until each server has it */
async function measure(bench: Bench, change: number): Promise<Sightings> {
  const { seen } = await bench.watcher.watch(FIRST_PORT + change);
  const happened = bench.events.next(nameOf(change), 'start');
  const path = `/containers/${nameOf(change)}/start`;
  const { status, body } = await requestOverSocket(bench.socket, 'POST', path, 30_000);
  if (status >= 300) throw new Error(`POST ${path}: ${status} ${body}`);
  const [sightings, began] = await Promise.all([seen, happened]);
  return Object.fromEntries(SERVERS.map((server) => [server, sightings[server] - began])) as Record<
    Server,
    number
  >;
}

async function measureAll(bench: Bench, changes: number, gap: number): Promise<TwoHostsFigures> {
  await create(bench, 0);
  await measure(bench, 0);
  const samples: Sightings[] = [];
  for (let change = 1; change <= changes; change++) {
    await create(bench, change);
    samples.push(await measure(bench, change));
    // One comes and one goes in each round, as when containers are replaced.
    await Promise.all([bench.alpha.docker.remove(nameOf(change)), delay(gap)]);
    if (change % 10 === 0) process.stderr.write(`${change} of ${changes} containers\n`);
  }
  const latency = (of: (each: Sightings) => number): Latency => ({
    p50_ms: percentile(samples.map(of), 50),
    p99_ms: percentile(samples.map(of), 99),
  });
  return {
    ...{ changes, gap_ms: gap },
    fairlead: latency(({ fairlead }) => fairlead),
    consul_http: latency(({ consul_http }) => consul_http),
    consul_dns: latency(({ consul_dns }) => consul_dns),
    fairlead_after_consul_http: latency(({ fairlead, consul_http }) => fairlead - consul_http),
  };
}

async function main(): Promise<void> {
  const [changes = 0, gap = 0] = process.argv.slice(2).map(Number);
  const missing = missingRequirements([...enginePrograms, 'consul']);
  if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}; on Debian: ${installLine()}`);
  const cluster = await createCluster({ names: ['alpha', 'beta'], images: ['node'] });
  try {
    const [alpha, beta] = cluster.hosts as readonly [ClusterHost, ClusterHost];
    await cluster.startServer();
    for (const host of cluster.hosts) {
      await host.startAgent('client');
      await host.fairlead.start();
    }
    const socket = `${alpha.dir}/docker.sock`;
    const events = await followEvents(alpha.netns, socket);
    const bench: Bench = { alpha, socket, events, watcher: startWatcher(beta) };
    console.log(JSON.stringify(await measureAll(bench, changes, gap)));
  } finally {
    await cluster.close();
  }
}

await main().catch((error: unknown) => {
  console.error(`two hosts: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
