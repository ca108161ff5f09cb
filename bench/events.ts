// How soon DNS tells the truth after the engine's event, over many containers: Fairlead, and beside it Docker's own
// embedded DNS, in the same run. `npm run bench:events -- [--json] [--containers N]`; needs root and a Docker engine's
// programs, makes an engine of its own in a network namespace.
import { parseArgs } from 'node:util';
import { createHost, HOST_ADDRESS, type Host } from '../test/e2e/support/host.js';
import { requestOverSocket } from '../test/e2e/support/http.js';
import { installLine, missingRequirements } from '../test/e2e/support/requirements.js';
import { startUpstream } from '../test/e2e/support/upstream.js';
import { followEvents, type EngineEvents } from './support/engine-events.js';
import { percentile } from './support/percentile.js';
import { startPoller, type Poller, type Sighting } from './support/poller-client.js';

const PHASES = ['start', 'kill', 'die'] as const;
type Phase = (typeof PHASES)[number];

const SERVERS = ['fairlead', 'docker'] as const;
type Server = (typeof SERVERS)[number];

/** Seconds that a container goes on for after SIGTERM. */
const LINGER = 0.2;
const BAR_MS = 50;

const method =
  `one container after the other, all on one user network; latency = wall clock at the first right A answer minus the ` +
  `event's timeNano; each server is polled over one UDP socket from before the event, next query when the answer is ` +
  `there, at most one a millisecond; start: the address is in the answer; kill: SIGTERM, the container goes on for ` +
  `${LINGER * 1000} ms, the address is out of the answer; die: the process ends by itself (SIGUSR1), the address is ` +
  `out of the answer; fairlead is asked at 169.254.169.250, docker at 127.0.0.11 in a container; negative: the answer ` +
  `was right before the event was stamped`;

interface Bench {
  readonly host: Host;
  readonly events: EngineEvents;
  readonly pollers: Readonly<Record<Server, Poller>>;
}

type Samples = Record<Server, Record<Phase, Sighting[]>>;

const nameOf = (index: number): string => `bench-${index}`;
const addressOf = (index: number): string => `10.77.${1 + Math.floor(index / 200)}.${1 + (index % 200)}`;

async function prepare(count: number): Promise<Bench> {
  const host = await createHost();
  const { docker, engine, fairlead, netns } = host;
  try {
    await docker.cli('network', 'create', '--subnet=10.77.0.0/16', 'bench');
    const script = `trap "exit 0" USR1; trap "sleep ${LINGER}; exit 0" TERM; while :; do sleep 3600 & wait $!; done`;
    for (let index = 0; index < count; index++) {
      const place = ['--network=bench', `--ip=${addressOf(index)}`, `--name=${nameOf(index)}`];
      await docker.cli('create', ...place, 'tools', '/bin/sh', '-c', script);
    }
    // Docker's DNS asks its upstream about names that it does not know: one that knows none, so as not to ask Fairlead.
    await startUpstream(netns, HOST_ADDRESS, {});
    await docker.start('probe', { network: 'bench', flags: [`--dns=${HOST_ADDRESS}`] });
    const { Pid } = (await docker.inspect('probe')).State;
    await fairlead.start();
    return {
      host,
      events: await followEvents(netns, engine.socket),
      pollers: {
        fairlead: await startPoller(netns, '169.254.169.250'),
        docker: await startPoller(netns, '127.0.0.11', `/proc/${Pid}/ns/net`),
      },
    };
  } catch (error) {
    await host.close();
    throw error;
  }
}

/** One container, one event, both servers: milliseconds from the event to the first right answer. */
async function measure(bench: Bench, index: number, phase: Phase): Promise<Record<Server, Sighting>> {
  const { events, host, pollers } = bench;
  const [name, address] = [nameOf(index), addressOf(index)];
  const [fairlead, docker] = await Promise.all([
    pollers.fairlead.watch(`${name}.rancher.internal`, address, phase === 'start'),
    pollers.docker.watch(name, address, phase === 'start'),
  ]);
  const happened = events.next(name, phase);
  const ended = phase === 'kill' ? events.next(name, 'die') : undefined;
  await act(host, name, phase);
  const [byFairlead, byDocker, stamp] = await Promise.all([fairlead.seen, docker.seen, happened, ended]);
  const since = ({ at, gap }: Sighting): Sighting => ({ at: at - stamp, gap });
  return { fairlead: since(byFairlead), docker: since(byDocker) };
}

async function act({ engine }: Host, name: string, phase: Phase): Promise<void> {
  const action = { start: 'start', kill: 'kill?signal=SIGTERM', die: 'kill?signal=SIGUSR1' }[phase];
  const { status, body } = await requestOverSocket(
    engine.socket,
    'POST',
    `/containers/${name}/${action}`,
    30_000,
  );
  if (status >= 300) throw new Error(`POST /containers/${name}/${action}: ${status} ${body}`);
}

async function measureAll(bench: Bench, count: number): Promise<Samples> {
  const none = (): Record<Phase, Sighting[]> => ({ start: [], kill: [], die: [] });
  const samples: Samples = { fairlead: none(), docker: none() };
  for (const phase of ['start', 'kill', 'start', 'die'] as const) {
    for (let index = 0; index < count; index++) {
      const seen = await measure(bench, index, phase);
      for (const server of SERVERS) samples[server][phase].push(seen[server]);
    }
    process.stderr.write(`${phase}: ${count} containers\n`);
  }
  return samples;
}

interface Figures {
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly samples: number;
  /** How far apart the answers were between which the change was seen. */
  readonly resolution_p99_ms: number;
}

function figuresOf(sightings: readonly Sighting[]): Figures {
  const latencies = sightings.map(({ at }) => at);
  return {
    p50_ms: percentile(latencies, 50),
    p99_ms: percentile(latencies, 99),
    samples: latencies.length,
    resolution_p99_ms: percentile(
      sightings.map(({ gap }) => gap),
      99,
    ),
  };
}

const figuresOfAll = (samples: Record<Phase, Sighting[]>): Record<Phase, Figures> => ({
  start: figuresOf(samples.start),
  kill: figuresOf(samples.kill),
  die: figuresOf(samples.die),
});

function table(figures: Record<Server, Record<Phase, Figures>>): string {
  const cells = (values: readonly (string | number)[]): string =>
    values
      .map((value, column) => (column < 2 ? String(value).padEnd(10) : String(value).padStart(14)))
      .join('');
  const rows = PHASES.flatMap((phase) =>
    SERVERS.map((server) => {
      const { p50_ms, p99_ms, resolution_p99_ms, samples } = figures[server][phase];
      return cells([phase, server, p50_ms, p99_ms, resolution_p99_ms, samples]);
    }),
  );
  return [cells(['EVENT', 'SERVER', 'P50 MS', 'P99 MS', 'RESOLUTION MS', 'SAMPLES']), ...rows].join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean', default: false }, containers: { type: 'string', default: '200' } },
  });
  const count = Number(values.containers);
  if (!Number.isInteger(count) || count < 1 || count > 10_000) {
    throw new Error(`--containers ${values.containers}: a whole number from 1 to 10000 is needed`);
  }
  const missing = missingRequirements();
  if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}; on Debian: ${installLine()}`);
  const bench = await prepare(count);
  try {
    const samples = await measureAll(bench, count);
    const figures = { fairlead: figuresOfAll(samples.fairlead), docker: figuresOfAll(samples.docker) };
    const met = PHASES.every((phase) => figures.fairlead[phase].p99_ms <= BAR_MS);
    const verdict = { bar_p99_ms: BAR_MS, met, containers: count, node: process.version, method };
    if (values.json) console.log(JSON.stringify({ ...figures, ...verdict }));
    else
      console.log(
        `${table(figures)}\n\nbar: p99 <= ${BAR_MS} ms: ${met ? 'met' : 'NOT met'}\nmethod: ${method}`,
      );
  } finally {
    await bench.host.close();
  }
}

await main().catch((error: unknown) => {
  console.error(`bench:events: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
