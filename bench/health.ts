/**
 * `npm run bench:health`: what it costs to check many tasks every two seconds. First the checker alone, then the whole
 * daemon, whose DNS clients are watched by turns with and without the checks.
 */
import { cpus } from 'node:os';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { stopAll } from './dns/processes.js';
import { createWorkshop } from './dns/workshop.js';
import { measureChecker, type CheckerFigures } from './health/checker.js';
import { measureDaemon, type DaemonFigures } from './health/daemon.js';
import { serve, startListener } from './health/listener.js';
import { INTERVAL_MS, WARM_UP_MS } from './health/load.js';

const BAR = { cpu_percent: 50, late_p99_ms: 100, dns_p99_ratio: 2 };

const USAGE = `What health checks cost: many tasks on loopback, each probed every ${INTERVAL_MS / 1000} seconds.

  npm run bench:health -- [options]

  --tasks N        default 5000
  --kind KIND      tcp or http, default tcp
  --seconds N      of each measurement, default 20
  --rounds N       of the daemon, idle and checking by turns, default 3
  --queries N      DNS queries a second, default 500
  --cores D,O      of the daemon, and of everything else; default 0,1
  --daemon FILE    the built main.js, default dist/main.js
  -o json          the result as one JSON object
`;

/** This runs as one file in node_modules/.cache/fairlead-bench (run.js). */
const root = fileURLToPath(new URL('../../..', import.meta.url));

interface Result {
  readonly tasks: number;
  readonly kind: string;
  readonly checker: CheckerFigures;
  readonly daemon: DaemonFigures;
  readonly bar: typeof BAR;
  readonly met: boolean;
  readonly method: string;
}

function isMet(checker: CheckerFigures, daemon: DaemonFigures): boolean {
  return (
    Math.max(checker.cpu_percent, daemon.cpu_percent) <= BAR.cpu_percent &&
    Math.max(checker.late_p99_ms, daemon.late_p99_ms) <= BAR.late_p99_ms &&
    daemon.dns_p99_ratio <= BAR.dns_p99_ratio &&
    checker.failed + daemon.probes_failed + daemon.lost === 0
  );
}

function table({ checker, daemon, met, method }: Result): string {
  const lines = (title: string, figures: object) => [
    title,
    ...Object.entries(figures).map(([key, value]) => `  ${key.padEnd(20)}${shown(value).padStart(14)}`),
  ];
  return [
    ...lines('the checker alone', checker),
    ...lines('the whole daemon', daemon),
    `bar: cpu <= ${BAR.cpu_percent} % of a core, late p99 <= ${BAR.late_p99_ms} ms, DNS p99 <= ${BAR.dns_p99_ratio} x idle, nothing failed or lost: ${met ? 'met' : 'NOT met'}`,
    `method: ${method}`,
  ].join('\n');
}

function shown(value: unknown): string {
  return Array.isArray(value) ? value.map((each) => [each].flat().join(' / ')).join(', ') : String(value);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      tasks: { type: 'string', default: '5000' },
      seconds: { type: 'string', default: '20' },
      rounds: { type: 'string', default: '3' },
      queries: { type: 'string', default: '500' },
      kind: { type: 'string', default: 'tcp' },
      cores: { type: 'string', default: '0,1' },
      daemon: { type: 'string', default: join(root, 'dist/main.js') },
      output: { type: 'string', short: 'o', default: 'table' },
      serve: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.serve) {
    serve();
    return;
  }
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const whole = (key: 'tasks' | 'rounds' | 'queries', most: number): number => {
    const number = Number(values[key]);
    if (!Number.isInteger(number) || number < 1 || number > most)
      throw new Error(`--${key} ${values[key]}: a whole number from 1 to ${most} is needed`);
    return number;
  };
  const [tasks, rounds, queriesPerSecond] = [
    whole('tasks', 60_000),
    whole('rounds', 100),
    whole('queries', 10_000),
  ];
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new Error(`--seconds ${values.seconds}: a number above 0 is needed`);
  const { kind, daemon: program } = values;
  if (kind !== 'tcp' && kind !== 'http') throw new Error(`--kind ${kind}: tcp or http is needed`);
  const [core = NaN, others = NaN] = values.cores.split(',').map(Number);
  if (!(core !== others && Math.max(core, others) < cpus().length))
    throw new Error(`--cores ${values.cores}: two cores of the ${cpus().length} are needed`);
  if (!existsSync(program)) throw new Error(`${program}: there is no such file; "npm run build" makes it`);
  const listener = await startListener(fileURLToPath(import.meta.url));
  const workshop = createWorkshop(join(root, 'bench/dns'));
  for (const [who, on] of [
    [process.pid, core],
    [listener.pid, others],
  ])
    execFileSync('taskset', ['-acp', String(on), String(who)], { stdio: 'ignore' });
  try {
    const load = { tasks, kind, seconds, port: listener.port } as const;
    const checker = await measureChecker(load);
    execFileSync('taskset', ['-acp', String(others), String(process.pid)], { stdio: 'ignore' });
    const cores = [core, others] as const;
    const daemon = await measureDaemon({ ...load, workshop, main: program, cores, queriesPerSecond, rounds });
    const method =
      `each task probed every ${INTERVAL_MS / 1000} s over loopback, ${seconds} s after ${WARM_UP_MS / 1000} s; daemon on core ${core}, ` +
      `listener and load generator on core ${others}; late: from due to begun; medians of ${rounds} rounds; node ${process.version}`;
    const result = { tasks, kind, checker, daemon, bar: BAR, met: isMet(checker, daemon), method };
    console.log(values.output === 'json' ? JSON.stringify(result) : table(result));
  } finally {
    listener.stop();
    workshop.clear();
  }
}

process.on('SIGINT', () => {
  stopAll();
  process.exit(130);
});
await main().catch((error: unknown) => {
  stopAll();
  console.error(`bench:health: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
