import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createGenerator, type Generator, type LoadTarget } from '../dns/generator.js';
import { cpuTime, start, type Started } from '../dns/processes.js';
import { queryFile } from '../dns/question.js';
import { writeInto, type Workshop } from '../dns/workshop.js';
import { percentile } from '../support/percentile.js';
import { dnsPort, grown, quantileBound, scrape, type Metrics } from './api.js';
import { addressOf, INTERVAL_MS, SERVICES, WARM_UP_MS, type Load } from './load.js';

/** What the whole daemon costs while it checks, and what its DNS clients notice. */
export interface DaemonFigures {
  readonly probes_per_second: number;
  readonly probes_failed: number;
  /** Of one core: user and system time of all threads, DNS included. */
  readonly cpu_percent: number;
  /** The same while nothing is checked. */
  readonly idle_cpu_percent: number;
  /** Not more than this: the bound of its bucket. */
  readonly late_p99_ms: number;
  readonly queries_per_second: number;
  readonly dns_idle_p50_us: number;
  readonly dns_idle_p99_us: number;
  readonly dns_p50_us: number;
  readonly dns_p99_us: number;
  /** While tasks are checked, beside idle: medians of all rounds. */
  readonly dns_p99_ratio: number;
  /** Each round's, idle and then while tasks are checked. */
  readonly dns_p99_rounds_us: readonly (readonly [idle: number, checking: number])[];
  readonly lost: number;
  readonly rss_mib: number;
}

export interface DaemonLoad extends Load {
  readonly workshop: Workshop;
  /** The built `main.js`. */
  readonly main: string;
  readonly cores: readonly [daemon: number, others: number];
  readonly queriesPerSecond: number;
  readonly rounds: number;
}

interface Phase {
  readonly p50: number;
  readonly p99: number;
  readonly lost: number;
  /** Seconds. */
  readonly cpu: number;
  readonly seconds: number;
  readonly before: Metrics;
  readonly after: Metrics;
}

/** The daemon answers a trickle of queries, by turns with nothing else to do and while it checks all tasks. */
export async function measureDaemon(load: DaemonLoad): Promise<DaemonFigures> {
  const { workshop, rounds, queriesPerSecond } = load;
  const dir = workshop.room('daemon');
  const generator = createGenerator(workshop.compile('load.c'), load.cores[1]);
  const socket = join(dir, 'api.sock');
  const config = () => writeInto(dir, 'fairlead.yaml', configOf(dir, undefined));
  writeInto(dir, 'services.yaml', servicesFile(load.tasks));
  const daemon = start(
    { command: process.execPath, args: [load.main, 'run', '--config', config()] },
    load.cores[0],
    join(dir, 'output'),
  );
  const queries = writeInto(dir, 'queries', queryFile(questions()));
  try {
    await until(daemon, () => existsSync(socket));
    const target = { port: await dnsPort(socket), queries, clients: 1 };
    const ask = (phase: 'idle' | 'checking') =>
      measurePhase({ daemon, generator, target, socket, load, phase });
    const idle: Phase[] = [];
    const checking: Phase[] = [];
    for (let round = 0; round < rounds; round++) {
      idle.push(await ask('idle'));
      writeInto(dir, 'fairlead.yaml', configOf(dir, load));
      daemon.child.kill('SIGHUP');
      checking.push(await ask('checking'));
      config();
      daemon.child.kill('SIGHUP');
    }
    return figuresOf(idle, checking, queriesPerSecond);
  } finally {
    await daemon.stop();
  }
}

interface PhaseOptions {
  readonly daemon: Started;
  readonly generator: Generator;
  readonly target: LoadTarget;
  readonly socket: string;
  readonly load: DaemonLoad;
  readonly phase: 'idle' | 'checking';
}

async function measurePhase({
  daemon,
  generator,
  target,
  socket,
  load,
  phase,
}: PhaseOptions): Promise<Phase> {
  const { tasks, kind, seconds, queriesPerSecond } = load;
  const checked = `fairlead_checks{kind="${kind}",health="healthy"}`;
  await until(
    daemon,
    async () => ((await scrape(socket)).get(checked) ?? 0) === (phase === 'checking' ? tasks : 0),
  );
  await pause(WARM_UP_MS);
  await generator.load(target, 'once', 32, 10);
  const before = await scrape(socket);
  const cpu = cpuTime(daemon.pid);
  const began = performance.now();
  const report = await generator.load(target, 'rate', queriesPerSecond, seconds);
  const elapsed = (performance.now() - began) / 1000;
  const spent = (cpuTime(daemon.pid) - cpu) / 1e6;
  const after = await scrape(socket);
  const { p50_us: p50 = NaN, p99_us: p99 = NaN, lost, rcodes, answered } = report;
  if ((rcodes['0'] ?? 0) !== answered)
    throw new Error(`of ${answered} replies ${rcodes['0'] ?? 0} had no error`);
  return { p50, p99, lost, cpu: spent, seconds: elapsed, before, after };
}

async function until(daemon: Started, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const giveUp = Date.now() + 60_000;
  while (!(await isSo())) {
    const ended = daemon.ended();
    if (ended !== undefined) throw new Error(`the daemon: ${ended}`);
    if (Date.now() > giveUp) throw new Error('the daemon is not ready after a minute');
    await pause(100);
  }
}

function figuresOf(
  idle: readonly Phase[],
  checking: readonly Phase[],
  queriesPerSecond: number,
): DaemonFigures {
  const median = (phases: readonly Phase[], of: (phase: Phase) => number) => percentile(phases.map(of), 50);
  const probes = (phase: Phase, result: string) => {
    const series = [...phase.after.keys()].filter(
      (each) => each.startsWith('fairlead_probes_total{') && each.includes(`result="${result}"`),
    );
    return series.reduce((sum, each) => sum + grown(phase.before, phase.after, each), 0);
  };
  const cpu = ({ cpu, seconds }: Phase) => (100 * cpu) / seconds;
  const [idleP99, busyP99] = [median(idle, ({ p99 }) => p99), median(checking, ({ p99 }) => p99)];
  return {
    probes_per_second: Math.round(median(checking, (phase) => probes(phase, 'passed') / phase.seconds)),
    probes_failed: checking.reduce((sum, phase) => sum + probes(phase, 'failed') + probes(phase, 'local'), 0),
    cpu_percent: Math.round(median(checking, cpu) * 10) / 10,
    idle_cpu_percent: Math.round(median(idle, cpu) * 10) / 10,
    late_p99_ms: median(
      checking,
      ({ before, after }) => 1000 * quantileBound(before, after, 'fairlead_probe_late_seconds', 0.99),
    ),
    queries_per_second: queriesPerSecond,
    dns_idle_p50_us: median(idle, ({ p50 }) => p50),
    dns_idle_p99_us: idleP99,
    dns_p50_us: median(checking, ({ p50 }) => p50),
    dns_p99_us: busyP99,
    dns_p99_ratio: Math.round((busyP99 / idleP99) * 100) / 100,
    dns_p99_rounds_us: idle.map(({ p99 }, i) => [p99, checking[i]?.p99 ?? NaN] as const),
    lost: [...idle, ...checking].reduce((sum, { lost }) => sum + lost, 0),
    rss_mib: Math.round((checking.at(-1)?.after.get('process_resident_memory_bytes') ?? NaN) / 2 ** 20),
  };
}

const configOf = (dir: string, checks: Load | undefined): string => `
state: ${dir}/state
log: { level: warn }
dns: { listen: ['127.0.0.1:0'], upstreams: [] }
vip: false
sources: { file: { path: services.yaml } }
api: { listen: ['unix:${dir}/api.sock'] }
${
  checks === undefined
    ? ''
    : `health: { defaults: { bench: { type: ${checks.kind}, port: ${checks.port}, interval: ${INTERVAL_MS} } } }`
}
`;

/** Tasks are spread over the services one by one, as in the checker's own part. */
function servicesFile(tasks: number): string {
  const lines = ['stacks:', '  bench:', '    services:'];
  for (let service = 0; service < Math.min(SERVICES, tasks); service++) {
    lines.push(`      web${service}:`, '        tasks:');
    for (let index = service; index < tasks; index += SERVICES)
      lines.push(`          - { name: web_${index}, ip: ${addressOf(index)} }`);
  }
  return `${lines.join('\n')}\n`;
}

const questions = () =>
  Array.from({ length: SERVICES }, (_, service) => ({
    name: `web${service}.bench.rancher.internal`,
    type: 'A' as const,
    edns: true,
    expected: [],
  }));
