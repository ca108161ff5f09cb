// The UDP part of bench:vip: what a datagram costs Fairlead's proxy plane, beside a naive proxy over the same sockets.
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { percentile } from '../support/percentile.js';

const run = promisify(execFile);
const IP = '127.0.0.1';

/** `fairlead-singly` is Fairlead where the C library cannot be called: each datagram has system calls of its own. */
const SERVERS = ['fairlead', 'fairlead-singly', 'naive'] as const;
type Server = (typeof SERVERS)[number];

const SCENARIOS = {
  /** One client that has 64 datagrams under way. */
  session: { clients: 1, window: 64, fresh: 0, replies: 0 },
  /** 64 clients, each with one datagram under way. */
  clients: { clients: 64, window: 1, fresh: 0, replies: 0 },
  /** Each datagram from a new port, with one reply, as DNS has it. */
  queries: { clients: 64, window: 1, fresh: 1, replies: 1 },
  /** One datagram under way: the time it takes. */
  latency: { clients: 1, window: 1, fresh: 0, replies: 0 },
} as const;
export type UdpScenario = keyof typeof SCENARIOS;

export interface UdpBenchOptions {
  /** Each server, scenario and round takes this long. */
  readonly seconds: number;
  readonly rounds: number;
  /** The package's folder; the sources of the bench are in `bench/vip` below it. */
  readonly root: string;
  readonly serverCore?: number;
  readonly loadCore?: number;
}

/** Medians over the rounds. */
export interface UdpFigures {
  /** User and system time of the proxy for each datagram that it received and sent on, either way. */
  readonly cpu_us_per_datagram: number;
  readonly round_trips_per_second: number;
  /** Of round trips; where each client has one datagram under way. */
  readonly p50_us?: number;
  readonly p99_us?: number;
  /** Of a thousand. */
  readonly lost_permille: number;
}

export interface UdpBench {
  readonly scenarios: Readonly<Record<UdpScenario, Readonly<Record<Server, UdpFigures>>>>;
  /** CPU for each datagram, Fairlead's over the naive proxy's: median of the ratios within each round. */
  readonly ratio_to_naive: Readonly<Record<UdpScenario, number>>;
  readonly ratio_to_naive_singly: Readonly<Record<UdpScenario, number>>;
}

interface Load {
  readonly answered: number;
  readonly lost: number;
  readonly seconds: number;
  readonly roundTripNs: readonly number[];
}

/**
 * Measures all servers in turn, round after round, each alone on one core and the load on another.
 * @throws Error when there is no C compiler, or a process does not start
 */
export async function benchUdp(options: UdpBenchOptions): Promise<UdpBench> {
  const { root, rounds } = options;
  const cache = join(root, 'node_modules/.cache/fairlead-bench');
  mkdirSync(cache, { recursive: true });
  // Below node_modules, so that its packages are found.
  const program = join(cache, `udp-server.${process.pid}.mjs`);
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-bench-udp-'));
  try {
    const load = join(dir, 'udp-load');
    execFileSync('cc', ['-O2', '-Wall', '-o', load, join(root, 'bench/vip/udp-load.c')], {
      stdio: 'inherit',
    });
    await build({
      entryPoints: [join(root, 'bench/vip/udp-server.ts')],
      outfile: program,
      ...{ bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external' },
      logLevel: 'error',
    });
    const measured: Measured[] = [];
    for (let round = 0; round < rounds; round++)
      for (const scenario of Object.keys(SCENARIOS) as UdpScenario[])
        for (const server of SERVERS)
          measured.push({
            ...{ round, scenario, server },
            figures: await measure(program, load, server, scenario, options),
          });
    return summarize(measured);
  } finally {
    rmSync(program, { force: true });
    rmSync(dir, { recursive: true, force: true });
  }
}

interface Measured {
  readonly round: number;
  readonly scenario: UdpScenario;
  readonly server: Server;
  readonly figures: UdpFigures;
}

async function measure(
  program: string,
  load: string,
  server: Server,
  scenario: UdpScenario,
  { seconds, serverCore = 0, loadCore = 1 }: UdpBenchOptions,
): Promise<UdpFigures> {
  const { clients, window, fresh, replies } = SCENARIOS[scenario];
  const taskPort = await freePort();
  const args = [program, server, `${IP}:0`, `${IP}:${taskPort}`, String(replies)];
  const child = spawn('taskset', ['-c', String(serverCore), process.execPath, ...args], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    const { port } = (await heard(child)) as { port: number };
    const drive = async (time: number): Promise<Load> => {
      const numbers = [port, taskPort, time, clients, window, fresh].map(String);
      const { stdout } = await run('taskset', ['-c', String(loadCore), load, IP, ...numbers]);
      return JSON.parse(stdout) as Load;
    };
    await drive(0.3);
    const before = await cpuOf(child);
    const { answered, lost, seconds: took, roundTripNs } = await drive(seconds);
    const cpu = (await cpuOf(child)) - before;
    if (answered === 0) throw new Error(`bench:vip, UDP: ${server} has answered nothing (${scenario})`);
    return {
      cpu_us_per_datagram: cpu / (2 * answered),
      round_trips_per_second: answered / took,
      ...(window === 1 && {
        p50_us: percentile(roundTripNs, 50) / 1000,
        p99_us: percentile(roundTripNs, 99) / 1000,
      }),
      lost_permille: (1000 * lost) / (answered + lost),
    };
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

async function cpuOf(child: ChildProcess): Promise<number> {
  child.send('cpu');
  const { user, system } = (await heard(child)) as NodeJS.CpuUsage;
  return user + system;
}

/** The next message of a child. @throws Error when it ends instead */
function heard(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => {
      reject(
        new Error(`bench:vip, UDP: a proxy ended with status ${code ?? 'none'} before it said anything`),
      );
    };
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, IP, () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

const median = (values: readonly number[]): number => percentile(values, 50);

function summarize(measured: readonly Measured[]): UdpBench {
  const names = Object.keys(SCENARIOS) as UdpScenario[];
  const of = (scenario: UdpScenario, server: Server): readonly UdpFigures[] =>
    measured
      .filter((each) => each.scenario === scenario && each.server === server)
      .map(({ figures }) => figures);
  const medians = (all: readonly UdpFigures[]): UdpFigures => {
    const p50 = all.flatMap(({ p50_us }) => p50_us ?? []);
    const p99 = all.flatMap(({ p99_us }) => p99_us ?? []);
    return {
      cpu_us_per_datagram: median(all.map((each) => each.cpu_us_per_datagram)),
      round_trips_per_second: median(all.map((each) => each.round_trips_per_second)),
      ...(p50.length > 0 && { p50_us: median(p50), p99_us: median(p99) }),
      lost_permille: median(all.map((each) => each.lost_permille)),
    };
  };
  const ratio = (scenario: UdpScenario, server: Server): number => {
    const naive = of(scenario, 'naive');
    return median(
      of(scenario, server).map(
        (each, round) => each.cpu_us_per_datagram / (naive[round]?.cpu_us_per_datagram ?? Number.NaN),
      ),
    );
  };
  const each = <T>(make: (scenario: UdpScenario) => T): Record<UdpScenario, T> =>
    Object.fromEntries(names.map((name) => [name, make(name)])) as Record<UdpScenario, T>;
  return {
    scenarios: each(
      (scenario) =>
        Object.fromEntries(SERVERS.map((server) => [server, medians(of(scenario, server))])) as Record<
          Server,
          UdpFigures
        >,
    ),
    ratio_to_naive: each((scenario) => ratio(scenario, 'fairlead')),
    ratio_to_naive_singly: each((scenario) => ratio(scenario, 'fairlead-singly')),
  };
}
