/**
 * `npm run bench:start [-- --json]`: how long a daemon takes to its first answer, from the state that an earlier one saved and from nothing,
 * beside the start of a bare Node. Bars are multiples of that, so that they hold on any machine.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { decode, encode } from 'dns-packet';
import { addressesFrom } from './dns/addresses.js';
import { cpuTime, memoryOf } from './dns/processes.js';
import { median, round } from './dns/summary.js';
import { freePort } from './dns/workshop.js';

/** This runs as one file in node_modules/.cache/fairlead-bench (run.js). */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const LONGEST_MS = 300_000;
/** ms between two queries; what waits in the socket is answered first, so more would be work for the daemon. */
const ASK_MS = 20;
/** ms after the first answer in which the services file is read and memory comes to rest. */
const SETTLE_MS = 12_000;

interface Case {
  readonly title: string;
  readonly services: number;
  readonly tasks: number;
  readonly from: 'saved' | 'nothing';
  /** CPU time until the first answer, as a multiple of bare Node's start. */
  readonly bar: number;
  /** Resident when all is read, MB. */
  readonly memory?: number;
}

/** 50 and 250 are the 2 s and 10 s of a machine on which bare Node starts in 40 ms. */
const CASES: readonly Case[] = [
  { title: '1,000 services of 3 tasks, saved', services: 1000, tasks: 3, from: 'saved', bar: 10 },
  { title: '10,000 of 10, saved', services: 10_000, tasks: 10, from: 'saved', bar: 50, memory: 350 },
  {
    title: '10,000 of 10, from nothing',
    services: 10_000,
    tasks: 10,
    from: 'nothing',
    bar: 250,
    memory: 350,
  },
];

interface Start {
  readonly wall: number;
  readonly cpu: number;
  readonly rss: number;
  readonly peak: number;
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    daemon: { type: 'string', default: join(root, 'dist/main.js') },
    services: { type: 'string' },
  },
});
const rounds = Number(values.rounds);
const children = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

function run(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** A Node that has started and does nothing: wall time and CPU time, ms. */
async function bareStart(): Promise<{ wall: number; cpu: number }> {
  const begun = performance.now();
  const script = 'process.send(process.cpuUsage()); process.disconnect()';
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const [usage] = (await once(child, 'message')) as [NodeJS.CpuUsage];
  return { wall: performance.now() - begun, cpu: (usage.user + usage.system) / 1000 };
}

function prepare(dir: string, port: number, { services, tasks }: Case): string {
  const address = addressesFrom('10.0.0.1');
  const lines = ['stacks:'];
  for (let service = 0; service < services; service++) {
    if (service % 20 === 0) lines.push(`  stack${service / 20}:`, '    services:');
    lines.push(`      service${service}:`, '        ports: [http=80/tcp]', '        tasks:');
    for (let task = 0; task < tasks; task++) {
      const at = service * tasks + task;
      lines.push(`          - { name: task${at}, ip: ${address(at)} }`);
    }
  }
  writeFileSync(join(dir, 'services.yaml'), `${lines.join('\n')}\n`);
  const config = join(dir, 'fairlead.yaml');
  writeFileSync(
    config,
    `state: ${dir}/state
log: { level: warn }
dns: { listen: ['127.0.0.1:${port}'], upstreams: [] }
vip: false
sources: { file: { path: services.yaml } }
api: { listen: ['unix:${dir}/api.sock'] }
`,
  );
  return config;
}

/** Starts a daemon, and ends it when `then` is over. */
async function start(config: string, port: number, then: (pid: number) => Promise<void>): Promise<Start> {
  const begun = performance.now();
  const child = run([values.daemon, 'run', '--config', config]);
  const pid = child.pid ?? 0;
  const ended = once(child, 'exit');
  await firstAnswer(port, child);
  const [wall, cpu] = [performance.now() - begun, cpuTime(pid) / 1000];
  await then(pid);
  const { rss, peak } = memoryOf(pid);
  // As a power cut would: a daemon that ends in good order writes its state again.
  child.kill('SIGKILL');
  await ended;
  return { wall, cpu, rss, peak };
}

async function firstAnswer(port: number, child: ChildProcess): Promise<void> {
  const socket = createSocket('udp4');
  const query = encode({
    type: 'query',
    id: 1,
    questions: [{ type: 'A', name: 'service5.stack0.rancher.internal' }],
  });
  // Nothing listens yet.
  socket.on('error', () => undefined);
  const answered = new Promise<void>((resolve) => {
    socket.on('message', (reply) => {
      if ((decode(reply).answers?.length ?? 0) > 0) resolve();
    });
  });
  const timer = setInterval(() => socket.send(query, port, '127.0.0.1'), ASK_MS);
  const failed = once(child, 'exit').then(() =>
    Promise.reject(new Error('the daemon ended before it answered')),
  );
  const late = sleep(LONGEST_MS, undefined, { ref: false }).then(() => {
    throw new Error(`no answer in ${LONGEST_MS / 1000} s`);
  });
  try {
    await Promise.race([answered, failed, late]);
  } finally {
    clearInterval(timer);
    socket.close();
    failed.catch(() => undefined);
    late.catch(() => undefined);
  }
}

/** A state may be written before the services file is read. */
async function untilSaved(dir: string, task: string): Promise<void> {
  const giveUp = Date.now() + LONGEST_MS;
  const state = join(dir, 'state/catalog.json');
  while (!existsSync(state) || !readFileSync(state, 'utf8').includes(`"${task}"`)) {
    if (Date.now() > giveUp) throw new Error('no state was saved');
    await sleep(100);
  }
}

async function measure(each: Case): Promise<Start[]> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-bench-start-'));
  try {
    const port = await freePort();
    const config = prepare(dir, port, each);
    if (each.from === 'saved')
      await start(config, port, () => untilSaved(dir, `task${each.services * each.tasks - 1}`));
    const starts: Start[] = [];
    for (let index = 0; index < rounds; index++) {
      if (each.from === 'nothing') rmSync(join(dir, 'state'), { recursive: true, force: true });
      starts.push(await start(config, port, () => sleep(SETTLE_MS)));
    }
    return starts;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const bare: { wall: number; cpu: number }[] = [];
for (let index = 0; index < Math.max(5, rounds); index++) bare.push(await bareStart());
const bareCpu = median(bare.map(({ cpu }) => cpu));
const bareWall = median(bare.map(({ wall }) => wall));
const rows = [];
for (const each of CASES) {
  if (values.services !== undefined && Number(values.services) !== each.services) continue;
  const starts = await measure(each);
  const of = (figure: keyof Start) => median(starts.map((start) => start[figure]));
  const ratio = round(of('cpu') / bareCpu);
  const rss = round(of('rss'), 0);
  rows.push({
    title: each.title,
    wall_ms: round(of('wall'), 0),
    wall_ratio: round(of('wall') / bareWall),
    cpu_ms: round(of('cpu'), 0),
    cpu_ratio: ratio,
    bar: each.bar,
    rss_mb: rss,
    peak_mb: round(of('peak'), 0),
    ...(each.memory !== undefined && { memory_bar: each.memory }),
    met: ratio <= each.bar && rss <= (each.memory ?? Infinity),
  });
}
const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, Node ${process.version}`;
if (values.json)
  console.log(JSON.stringify({ bare: { wall_ms: round(bareWall), cpu_ms: round(bareCpu) }, rows, machine }));
else {
  console.log(
    `to the first answer; medians of ${rounds}; bare Node: ${round(bareWall)} ms, ${round(bareCpu)} ms of CPU; ${machine}\n`,
  );
  for (const row of rows) {
    const memory = row.memory_bar === undefined ? '' : ` (bar ${row.memory_bar})`;
    console.log(
      `${row.title.padEnd(34)} ${row.wall_ms} ms (${row.wall_ratio} x), ${row.cpu_ms} ms of CPU: ${row.cpu_ratio} x (bar ${row.bar}); ` +
        `resident ${row.rss_mb} MB${memory}, at most ${row.peak_mb}: ${row.met ? 'met' : 'NOT met'}`,
    );
  }
}
