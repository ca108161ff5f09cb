/**
 * `npm run bench:vip [-- --json]`: what a virtual IP costs, Fairlead's proxy plane beside HAProxy, nginx and the plainest
 * proxy in Node, in one run: CPU per new connection, per request on a kept one, per GiB and per datagram; added latency;
 * memory of connections that do nothing. And what it is worth: fairness, disruption, drain loss, fail-over. Run it from the
 * project's folder.
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  CONTESTANTS,
  DESCRIPTORS,
  missingPeers,
  startAll,
  stopAll,
  versions,
  type Contestant,
  type Running,
} from './vip/contestants.js';
import { bulkCost, compileLoad, idleKib, latency, requestCost } from './vip/measure.js';
import { serve } from './vip/own-proxies.js';
import { benchProofs, proofTable } from './vip/proofs/index.js';
import { bePlane } from './vip/proofs/plane.js';
import { beTask } from './vip/proofs/task.js';
import {
  measurePlanes,
  PLANE_BARS,
  planeTable,
  planeVerdict,
  type PlaneCosts,
  type PlaneScale,
} from './vip/planes.js';
import { benchUdp, type UdpBench, type UdpScenario } from './vip/udp.js';

/** Of HAProxy's figure; of datagrams, of the naive proxy's. */
const BARS = { connection: 1.3, request: 1.3, bulk: 0.9, datagram: 0.7 } as const;
/** What the bar of datagrams holds for: the rest is latency. */
const LOADED: readonly UdpScenario[] = ['session', 'clients', 'queries'];

const METHOD =
  'one process of one thread for each proxy, pinned to core 0; the load, which is client and task in one thread that never sleeps, ' +
  'on core 1; CPU is user and system time of the whole process from /proc; requests of 64 octets, 32 at a time; bulk in 4 streams ' +
  'from the task, every octet compared; latency with one request at a time; rounds are interleaved and medians taken';

const USAGE = `What a virtual IP costs, beside HAProxy, nginx and the plainest proxy in Node, and what it is worth.

  npm run bench:vip -- [options]

  --rounds N    default 5
  --ms N        of each measurement, default 3000
  --gib N       octets of the bulk transfer, in GiB, default 2
  --idle N      connections that do nothing, default as many as the limit of descriptors allows, 10000 at most
  --picks N     connections whose spread is looked at, default 4000
  --clients N   clients that are looked for when a task leaves or joins, default 2000
  --only-planes only what the kernel's planes cost
  --json        the result as one JSON object
  --help

It needs cc, HAProxy and nginx, and tells what is missing. As root, with nft, ip and conntrack, it measures the kernel's planes, too.
`;

type Samples = Record<Contestant, Record<string, number[]>>;
type Figures = Record<Contestant, Record<string, number>>;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

const round = (value: number): number => Math.round(value * 100) / 100;

interface Scale {
  readonly rounds: number;
  readonly ms: number;
  readonly gib: number;
  readonly idle: number;
}

async function sample(program: string, each: Running, { ms, gib }: Scale): Promise<Record<string, number>> {
  const connection = await requestCost(program, each, 'conn', ms);
  const request = await requestCost(program, each, 'ping', ms);
  const bulk = await bulkCost(program, each, gib);
  const connect = await latency(program, each, 'conn', ms / 2);
  const answer = await latency(program, each, 'ping', ms / 2);
  return {
    connection_cpu_us: connection.cpu_us,
    connections_per_s: connection.per_second,
    request_cpu_us: request.cpu_us,
    requests_per_s: request.per_second,
    failed: connection.failed + request.failed,
    gib_cpu_s: bulk.cpu_s_per_gib,
    bulk_mib_per_s: bulk.mib_per_second,
    connection_p50_us: connect.p50_us,
    connection_p99_us: connect.p99_us,
    request_p50_us: answer.p50_us,
    request_p99_us: answer.p99_us,
  };
}

async function measureAll(program: string, running: readonly Running[], scale: Scale): Promise<Figures> {
  // First, while nobody has memory left over from other work.
  const idle = new Map<Contestant, number>();
  for (const each of running) idle.set(each.name, await idleKib(program, each, scale.idle));
  const samples = Object.fromEntries(CONTESTANTS.map((name) => [name, {}])) as Samples;
  for (let turn = 0; turn < scale.rounds; turn++) {
    // Another one first in each round.
    const order = running.map((_, index) => running[(index + turn) % running.length]);
    for (const each of order) {
      if (!each) continue;
      const figures = await sample(program, each, scale);
      for (const [key, value] of Object.entries(figures)) (samples[each.name][key] ??= []).push(value);
    }
    process.stderr.write(`round ${turn + 1} of ${scale.rounds}\n`);
  }
  const figures = Object.fromEntries(
    CONTESTANTS.map((name) => [
      name,
      Object.fromEntries(Object.entries(samples[name]).map(([key, values]) => [key, median(values)])),
    ]),
  ) as Figures;
  for (const { name } of running) figures[name]['idle_kib'] = idle.get(name) ?? Number.NaN;
  return addLatency(figures);
}

/** What each takes longer than without a proxy. */
function addLatency(figures: Figures): Figures {
  for (const name of CONTESTANTS) {
    const own = figures[name];
    for (const key of Object.keys(own).filter((each) => /_p\d+_us$/.test(each)))
      own[`added_${key}`] = (own[key] ?? Number.NaN) - (figures.direct[key] ?? Number.NaN);
    figures[name] = Object.fromEntries(Object.entries(own).map(([key, value]) => [key, round(value)]));
  }
  return figures;
}

function verdictOf({ fairlead, haproxy }: Figures, udp: UdpBench) {
  const ratio = (key: string): number => round((fairlead[key] ?? Number.NaN) / (haproxy[key] ?? Number.NaN));
  const ratios = {
    connection: ratio('connection_cpu_us'),
    request: ratio('request_cpu_us'),
    bulk: round(1 / ratio('gib_cpu_s')),
  };
  const datagram = round(Math.max(...LOADED.map((each) => udp.ratio_to_naive[each])));
  const met =
    ratios.connection <= BARS.connection &&
    ratios.request <= BARS.request &&
    ratios.bulk >= BARS.bulk &&
    datagram <= BARS.datagram;
  return { of_haproxy: ratios, datagram_of_naive: datagram, bars: BARS, met };
}

function table(figures: Figures): string {
  const rows = [
    ['CPU us per new connection', 'connection_cpu_us'],
    ['CPU us per kept request', 'request_cpu_us'],
    ['CPU s per GiB', 'gib_cpu_s'],
    ['new connections/s', 'connections_per_s'],
    ['kept requests/s', 'requests_per_s'],
    ['bulk MiB/s', 'bulk_mib_per_s'],
    ['added us, connection p50', 'added_connection_p50_us'],
    ['added us, connection p99', 'added_connection_p99_us'],
    ['added us, request p50', 'added_request_p50_us'],
    ['added us, request p99', 'added_request_p99_us'],
    ['KiB per idle connection', 'idle_kib'],
    ['failed', 'failed'],
  ] as const;
  const line = (label: string, cells: readonly string[]): string =>
    label.padEnd(26) + cells.map((cell) => cell.padStart(12)).join('');
  return [
    line('', CONTESTANTS),
    ...rows.map(([label, key]) =>
      line(
        label,
        CONTESTANTS.map((name) => String(figures[name][key])),
      ),
    ),
  ].join('\n');
}

function udpTable({ scenarios, ratio_to_naive }: UdpBench): string {
  return LOADED.map((name) => {
    const { fairlead, naive } = scenarios[name];
    return (
      `CPU us per datagram, ${name}`.padEnd(34) +
      `fairlead ${round(fairlead.cpu_us_per_datagram)}, naive ${round(naive.cpu_us_per_datagram)}, ratio ${round(ratio_to_naive[name])}`
    );
  }).join('\n');
}

/** Measures in a network namespace. @returns undefined without the rights for that */
function planesInside(own: string, { rounds, ms, gib }: PlaneScale): PlaneCosts | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const scale = ['--rounds', rounds, '--ms', ms, '--gib', gib].map(String);
  const { status, stdout } = spawnSync('unshare', ['-n', process.execPath, own, '--planes', ...scale], {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error('the planes could not be measured');
  return JSON.parse(stdout) as PlaneCosts;
}

function tellPlanes(planes: PlaneCosts | undefined, isJson: boolean): void {
  if (!planes) {
    console.log('the kernel’s planes are measured as root only');
    return;
  }
  const verdict = planeVerdict(planes);
  if (isJson) {
    console.log(JSON.stringify({ planes, planes_verdict: { ...verdict, bars: PLANE_BARS } }));
    return;
  }
  const ratios = Object.entries(verdict.ofDirect).map(
    ([size, { connection, request }]) => `${size} services: connections ${connection}, requests ${request}`,
  );
  console.log(`${planeTable(planes)}

nftables, of what is done without a virtual IP in a CPU second: ${ratios.join('; ')} (bars ${PLANE_BARS.few}, ${PLANE_BARS.many} with 10,000)
CPU that it adds, of what HAProxy adds: connections ${verdict.ofHaproxyAdded.connection}, requests ${verdict.ofHaproxyAdded.request} (bar ${PLANE_BARS.ofAdded}): ${verdict.met ? 'met' : 'NOT met'}`);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      ms: { type: 'string', default: '3000' },
      gib: { type: 'string', default: '2' },
      // A connection takes two of the proxy and of the load; Fairlead keeps an eighth for other work.
      idle: { type: 'string', default: String(Math.min(10_000, Math.floor((DESCRIPTORS * 7) / 16) - 100)) },
      picks: { type: 'string', default: '4000' },
      clients: { type: 'string', default: '2000' },
      serve: { type: 'string' },
      port: { type: 'string', default: '0' },
      task: { type: 'string' },
      plane: { type: 'boolean', default: false },
      planes: { type: 'boolean', default: false },
      'only-planes': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  if (values.serve !== undefined) {
    await serve(values.serve, Number(values.port));
    return;
  }
  if (values.plane) {
    bePlane();
    return;
  }
  if (values.task !== undefined) {
    await beTask(values.task);
    return;
  }
  const number = (name: 'rounds' | 'ms' | 'gib' | 'idle' | 'picks' | 'clients'): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1)
      throw new Error(`--${name} ${values[name]}: a whole number from 1 up is needed`);
    return value;
  };
  const scale = { rounds: number('rounds'), ms: number('ms'), gib: number('gib'), idle: number('idle') };
  const missing = missingPeers();
  if (missing.length > 0)
    throw new Error(`programs are missing; on Debian: apt-get install ${missing.join(' ')}`);
  const own = fileURLToPath(import.meta.url);
  if (values.planes) {
    console.log(JSON.stringify(await measurePlanes(own, scale)));
    return;
  }
  const planes = planesInside(own, scale);
  if (values['only-planes']) {
    tellPlanes(planes, values.json);
    return;
  }
  const program = compileLoad();
  const running: Running[] = [];
  try {
    await startAll(own, running);
    const figures = await measureAll(program, running, scale);
    const udp = await benchUdp({ seconds: scale.ms / 1000, rounds: scale.rounds, root: process.cwd() });
    const proofs = await benchProofs(own, { picks: number('picks'), clients: number('clients') });
    const verdict = { ...verdictOf(figures, udp), ...scale, versions: versions(), method: METHOD };
    if (values.json)
      console.log(
        JSON.stringify({
          ...figures,
          ...{ udp, ...proofs, ...verdict },
          ...(planes && { planes, planes_verdict: { ...planeVerdict(planes), bars: PLANE_BARS } }),
        }),
      );
    else {
      const { connection, request, bulk } = verdict.of_haproxy;
      console.log(`${table(figures)}

${udpTable(udp)}

${proofTable(proofs)}

of HAProxy's: CPU per connection ${connection} (bar ${BARS.connection}), per request ${request} (bar ${BARS.request}), octets per CPU second ${bulk} (bar ${BARS.bulk}); CPU per datagram of the naive proxy's: ${verdict.datagram_of_naive} (bar ${BARS.datagram}): ${verdict.met ? 'met' : 'NOT met'}
method: ${METHOD}
`);
      tellPlanes(planes, false);
    }
  } finally {
    await stopAll(running);
  }
}

await main().catch((error: unknown) => {
  console.error(`bench:vip: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
