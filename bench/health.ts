// What health checks cost: many tasks, each probed every two seconds over loopback, the listener in a process of its
// own. `npm run bench:health -- [--tasks N] [--seconds S] [--kind tcp|http] [-o json]`.
import { fork, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Catalog, type TaskFact } from '../src/catalog/index.js';
import { CheckBook } from '../src/health/check-book.js';
import { Checker } from '../src/health/checker.js';
import { probeMaker } from '../src/health/probes/make.js';
import { TtlBoard } from '../src/health/probes/ttl.js';
import { systemTimers } from '../src/health/timer-wheel.js';
import { percentile } from './support/percentile.js';

const BAR = { cpu_percent: 50, late_p99_ms: 100 };
const INTERVAL_MS = 2000;
const WARM_UP_MS = 5000;

/** The child: accepts on all of loopback, answers HTTP to whoever asks. */
function serve(): void {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.end('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n'));
  });
  server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, () =>
    process.send?.((server.address() as AddressInfo).port),
  );
  process.on('disconnect', () => process.exit());
}

async function startListener(): Promise<{ readonly child: ChildProcess; readonly port: number }> {
  const child = fork(fileURLToPath(import.meta.url), ['--serve']);
  const port = await new Promise<number>((resolve, reject) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('exit', (code) => reject(new Error(`the listener ended with status ${code ?? 'none'}`)));
  });
  return { child, port };
}

/** Each task has an address of its own out of 127.0.0.0/8. */
const factOf = (index: number, labels: Readonly<Record<string, string>>): TaskFact => ({
  id: `task-${index}`,
  name: `web_${index}`,
  names: [`web-${index}`],
  environment: 'default',
  stack: 'bench',
  service: { environment: 'default', stack: 'bench', service: `web${index % 500}` },
  health: 'healthy',
  endpoints: [{ network: '*', ip: `127.1.${index >> 8}.${index & 255}` }],
  ports: [{ port: 80, protocol: 'tcp', target: 80 }],
  labels,
  links: {},
  weight: 1,
  expose: false,
});

interface Figures {
  readonly tasks: number;
  readonly kind: string;
  readonly probes_per_second: number;
  /** Of one core: user and system time of the checker's process. */
  readonly cpu_percent: number;
  readonly cpu_us_per_probe: number;
  readonly late_p50_ms: number;
  readonly late_p99_ms: number;
  readonly late_max_ms: number;
  readonly took_p99_ms: number;
  readonly failed: number;
  readonly healthy: number;
  readonly rss_mib: number;
}

async function measure(count: number, kind: string, port: number, seconds: number): Promise<Figures> {
  const catalog = new Catalog();
  const late: number[] = [];
  const took: number[] = [];
  let failed = 0;
  let measuring = false;
  const ttl = new TtlBoard(() => systemTimers.now());
  const checker = new Checker({
    catalog,
    book: new CheckBook(),
    probeFor: probeMaker({ ttl }),
    sink: {
      report: () => undefined,
      problems: (problems) => problems.forEach((each) => console.error(each.message)),
    },
    observe: (sample) => {
      if (!measuring) return;
      late.push(sample.late);
      took.push(sample.took);
      if (!sample.ok) failed++;
    },
  });
  const labels = {
    'fairlead.health.type': kind,
    'fairlead.health.port': String(port),
    'fairlead.health.interval': String(INTERVAL_MS),
  };
  checker.start();
  catalog
    .sink('bench')
    .replace({ tasks: Array.from({ length: count }, (_, index) => factOf(index, labels)) });
  await pause(WARM_UP_MS);
  measuring = true;
  const cpuBefore = process.cpuUsage();
  const before = performance.now();
  await pause(seconds * 1000);
  const elapsed = performance.now() - before;
  const cpu = process.cpuUsage(cpuBefore);
  measuring = false;
  const healthy = [...checker.rows()].filter(({ health }) => health === 'healthy').length;
  checker.stop();
  const spent = cpu.user + cpu.system;
  return {
    tasks: count,
    kind,
    probes_per_second: Math.round((late.length / elapsed) * 1000),
    cpu_percent: round(spent / 10 / elapsed),
    cpu_us_per_probe: round(spent / late.length),
    late_p50_ms: percentile(late, 50),
    late_p99_ms: percentile(late, 99),
    late_max_ms: percentile(late, 100),
    took_p99_ms: percentile(took, 99),
    failed,
    healthy,
    rss_mib: Math.round(process.memoryUsage().rss / 2 ** 20),
  };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));
const round = (value: number): number => Math.round(value * 10) / 10;

function table(figures: Figures): string {
  return Object.entries(figures)
    .map(([key, value]) => `${key.padEnd(20)}${String(value).padStart(12)}`)
    .join('\n');
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      tasks: { type: 'string', default: '5000' },
      seconds: { type: 'string', default: '20' },
      kind: { type: 'string', default: 'tcp' },
      output: { type: 'string', short: 'o', default: 'table' },
      serve: { type: 'boolean', default: false },
    },
  });
  if (values.serve) {
    serve();
    return;
  }
  const [count, seconds] = [Number(values.tasks), Number(values.seconds)];
  if (!Number.isInteger(count) || count < 1 || count > 60_000)
    throw new Error(`--tasks ${values.tasks}: a whole number from 1 to 60000 is needed`);
  if (!(seconds > 0)) throw new Error(`--seconds ${values.seconds}: a number above 0 is needed`);
  if (values.kind !== 'tcp' && values.kind !== 'http')
    throw new Error(`--kind ${values.kind}: tcp or http is needed`);
  const { child, port } = await startListener();
  try {
    const figures = await measure(count, values.kind, port, seconds);
    const met =
      figures.cpu_percent <= BAR.cpu_percent &&
      figures.late_p99_ms <= BAR.late_p99_ms &&
      figures.failed === 0;
    const method =
      `one checker, each task probed every ${INTERVAL_MS / 1000} s over loopback, listener in a process of its own; ` +
      `${seconds} s after ${WARM_UP_MS / 1000} s; late: from due to begun; node ${process.version}`;
    if (values.output === 'json') console.log(JSON.stringify({ ...figures, bar: BAR, met, method }));
    else
      console.log(
        `${table(figures)}\n\nbar: cpu <= ${BAR.cpu_percent} % of a core, late p99 <= ${BAR.late_p99_ms} ms, none failed: ${met ? 'met' : 'NOT met'}\nmethod: ${method}`,
      );
  } finally {
    child.disconnect();
  }
}

await main().catch((error: unknown) => {
  console.error(`bench:health: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
