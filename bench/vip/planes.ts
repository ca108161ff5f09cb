// The planes in bench:vip: what a connection, a request, a GiB and a datagram cost in all, in the clients, the task and whatever
// is in between, where the kernel leads them, beside no virtual IP at all and beside the proxies.
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Carriages } from '../../src/balancer/nftables/carriage.js';
import { CarriedPlaces } from '../../src/balancer/nftables/carried-places.js';
import { KernelTable } from '../../src/balancer/nftables/kernel-table.js';
import type { ClientNetworks, VirtualService } from '../../src/balancer/plane.js';
import { CORE, IP, startAll, stopAll, TASK_PORT, type Running } from './contestants.js';

const run = promisify(execFile);

/** How many services of TCP there are. One of them is used, and one of UDP. */
const SIZES = [1, 1000, 10_000] as const;
const POOL = '10.43.0.0/16';
/** Of the host, where the task is, on a bridge. */
const HOST = '10.88.0.1';
const UDP_PORT = TASK_PORT + 100;
const CLIENTS: ClientNetworks = {
  networks: [{ id: 'net0', subnets: ['10.88.0.0/16'], bridge: 'br0', hasHost: true }],
  ...{ addresses: [], host: [POOL, HOST, '127.0.0.0/8'], external: [] },
};
/** Ticks a second in /proc/PID/stat; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU time of all that takes part, in us; of a GiB in seconds. */
interface Cost {
  readonly connection: number;
  readonly request: number;
  readonly gib: number;
  /** There and back. Absent where TCP alone is measured. */
  readonly datagram?: number;
}

/** By contestant: `direct`, `direct, with rules`, `nftables 1`, `nftables 1000`, `nftables 10000`, `proxy`, `haproxy`, `nginx`. */
export type PlaneCosts = Readonly<Record<string, Cost>>;

export interface PlaneScale {
  readonly rounds: number;
  readonly ms: number;
  readonly gib: number;
}

/** The least that the kernel may do with a CPU second, of what is done without a virtual IP. */
export const PLANE_BARS = { few: 0.9, many: 0.85, ofAdded: 0.1 } as const;

/**
 * Measures in the network namespace of this process, which must be its own.
 * @param own the script that plays `fairlead` when it is told to
 */
export async function measurePlanes(own: string, scale: PlaneScale): Promise<PlaneCosts> {
  for (const command of [
    'ip link set lo up',
    'ip link add br0 type bridge',
    `ip address add ${HOST}/16 dev br0`,
    'ip link set br0 up',
    `ip route add local ${POOL} dev lo`,
    'sysctl -qw net.ipv4.ip_forward=1',
    // As the kernel has it for 127.0.0.1 anyway: otherwise half a client's ports are closed connections after two seconds.
    'sysctl -qw net.ipv4.tcp_tw_reuse=1',
    // A Docker host tracks every connection, with and without Fairlead.
    `nft 'table ip tracked { chain arriving { type filter hook prerouting priority 0; ct state new accept; }; }'`,
  ])
    execFileSync('/bin/sh', ['-c', command], { stdio: 'inherit' });
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-bench-planes-'));
  const compile = (name: string): string => {
    const program = join(folder, name);
    execFileSync('gcc', ['-O2', '-o', program, resolve(`bench/vip/${name}.c`)], { stdio: 'inherit' });
    return program;
  };
  const loads = { tcp: compile('load'), udp: compile('udp-load') };
  const table = new KernelTable();
  table.listeners = { pool: POOL, redirects: [] };
  const running: Running[] = [];
  const samples = new Map<string, Cost[]>();
  try {
    await startAll(own, running);
    const contestants = contestantsOf(table, loads, running, scale);
    for (let turn = 0; turn < scale.rounds; turn++) {
      // Another one first in each round.
      for (const at of contestants.keys()) {
        const [name, measure] = contestants[(at + turn) % contestants.length] ?? [];
        if (name === undefined || !measure) continue;
        samples.set(name, [...(samples.get(name) ?? []), await measure()]);
      }
      process.stderr.write(`planes, round ${turn + 1} of ${scale.rounds}\n`);
    }
  } finally {
    table.writer.close();
    await stopAll(running);
  }
  return Object.fromEntries([...samples].map(([name, all]) => [name, medianOf(all)]));
}

type Contestants = readonly (readonly [name: string, measure: () => Promise<Cost>])[];

function contestantsOf(
  table: KernelTable,
  loads: Loads,
  running: readonly Running[],
  scale: PlaneScale,
): Contestants {
  const vip = { ip: HOST, tcp: `${vipOf(0)}:80`, udp: `${vipOf(0)}:53` };
  const direct = { ip: HOST, tcp: String(TASK_PORT), udp: String(UDP_PORT) };
  const of = (name: string, target: Target, size: number | undefined, proxy?: number) =>
    [
      name,
      async (): Promise<Cost> => {
        await carry(table, size);
        return costOf(loads, target, proxy, scale);
      },
    ] as const;
  return [
    ...SIZES.map((size) => of(`nftables ${size}`, vip, size)),
    of('direct', direct, undefined),
    // What the rules cost all that is not for a virtual IP.
    of('direct, with rules', direct, SIZES.at(-1)),
    ...running
      .filter(({ name, child }) => child && name !== 'pipe')
      .map(({ name, port, child }) => {
        const target = { ip: IP, tcp: String(port) };
        return of(name === 'fairlead' ? 'proxy' : name, target, undefined, child?.pid);
      }),
  ];
}

function vipOf(n: number): string {
  return `10.43.${(n + 2) >> 8}.${(n + 2) & 255}`;
}

/** Has the kernel lead so many services, and one of UDP; undefined: it has no rules of ours. */
async function carry(table: KernelTable, size: number | undefined): Promise<void> {
  if (size === undefined) {
    execFileSync('/bin/sh', ['-c', 'nft delete table ip fairlead_vip 2> /dev/null || true']);
    return;
  }
  const service = (n: number, protocol: 'tcp' | 'udp', port: number, taskPort: number): VirtualService => ({
    ...{ service: `default/bench/${protocol}${n}`, vip: vipOf(n), port, protocol, scheduler: 'rr' },
    backends: [
      { id: `t${n}`, name: `t${n}`, weight: 1, state: 'active', address: { ip: HOST, port: taskPort } },
    ],
  });
  const services = [
    service(0, 'udp', 53, UDP_PORT),
    ...Array.from({ length: size }, (_, n) => service(n, 'tcp', 80, TASK_PORT)),
  ];
  const places = new CarriedPlaces(() => performance.now());
  const carriages = new Carriages(CLIENTS, { bridgesFiltered: false }, 'ip');
  places.plan(services, carriages);
  table.writer.forget();
  table.state = { clients: carriages.clients, services: places.byKernel(), dead: places.dead };
  await table.write();
}

/** Programs. */
interface Loads {
  readonly tcp: string;
  readonly udp: string;
}

/** What the loads say, each of them a part of it. */
interface Result {
  readonly cpu_s: number;
  readonly all?: number;
  readonly failed?: number;
  readonly answered?: number;
}

interface Target {
  /** Where the task listens. */
  readonly ip: string;
  /** A port there, or an address and a port. */
  readonly tcp: string;
  readonly udp?: string;
}

async function costOf(
  loads: Loads,
  { ip, tcp, udp }: Target,
  proxy: number | undefined,
  { ms, gib }: PlaneScale,
): Promise<Cost> {
  const cpu = async (
    program: string,
    args: readonly (string | number)[],
    of: (result: Result) => number,
  ): Promise<number> => {
    // What was measured before has left closed connections, whose ports the kernel would have to avoid.
    execFileSync('/bin/sh', ['-c', 'conntrack -F'], { stdio: 'ignore' });
    const before = cpuSeconds(proxy);
    const { stdout } = await run('taskset', ['-c', CORE.load, program, ...args.map(String)], {
      maxBuffer: 1 << 24,
    });
    const result = JSON.parse(stdout) as Result;
    return (result.cpu_s + cpuSeconds(proxy) - before) / of(result);
  };
  const requests = (mode: string) =>
    cpu(loads.tcp, [mode, ip, TASK_PORT, tcp, ms, 32], ({ all = 0, failed = 0 }) => {
      if (failed > 0) throw new Error(`${failed} of ${all} requests to ${tcp} failed`);
      return all;
    });
  return {
    connection: (await requests('conn')) * 1e6,
    request: (await requests('ping')) * 1e6,
    gib: await cpu(loads.tcp, ['bulk', ip, TASK_PORT, tcp, gib * 2 ** 30, 4], () => gib),
    ...(udp !== undefined && {
      datagram:
        1e6 *
        (await cpu(loads.udp, [ip, udp, UDP_PORT, ms / 1000, 16, 8, 0], ({ answered = 0 }) => 2 * answered)),
    }),
  };
}

/** User and system time of a process, all of its threads; 0 when there is none. */
function cpuSeconds(pid: number | undefined): number {
  if (pid === undefined) return 0;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function medianOf(costs: readonly Cost[]): Cost {
  const median = (of: (cost: Cost) => number): number => {
    const sorted = costs.map(of).sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? Number.NaN;
  };
  const hasDatagrams = costs.every(({ datagram }) => datagram !== undefined);
  return {
    connection: median(({ connection }) => connection),
    request: median(({ request }) => request),
    gib: median(({ gib }) => gib),
    ...(hasDatagrams && { datagram: median(({ datagram = Number.NaN }) => datagram) }),
  };
}

export interface PlaneVerdict {
  /** Of what is done without a virtual IP in a CPU second, by size. */
  readonly ofDirect: Readonly<Record<string, { readonly connection: number; readonly request: number }>>;
  /** The CPU that a virtual IP adds, of what HAProxy adds. */
  readonly ofHaproxyAdded: { readonly connection: number; readonly request: number };
  readonly met: boolean;
}

export function planeVerdict(costs: PlaneCosts): PlaneVerdict {
  const at = (name: string): Cost => costs[name] ?? { connection: NaN, request: NaN, gib: NaN };
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  const direct = at('direct');
  const ofDirect = Object.fromEntries(
    SIZES.map((size) => {
      const { connection, request } = at(`nftables ${size}`);
      return [
        size,
        { connection: round(direct.connection / connection), request: round(direct.request / request) },
      ];
    }),
  );
  const added = (key: 'connection' | 'request'): number =>
    round((at('nftables 10000')[key] - direct[key]) / (at('haproxy')[key] - direct[key]));
  const ofHaproxyAdded = { connection: added('connection'), request: added('request') };
  const least = (size: number): number => (size < 10_000 ? PLANE_BARS.few : PLANE_BARS.many);
  const met =
    SIZES.every((size) => Object.values(ofDirect[size] ?? {}).every((value) => value >= least(size))) &&
    Object.values(ofHaproxyAdded).every((value) => value <= PLANE_BARS.ofAdded);
  return { ofDirect, ofHaproxyAdded, met };
}

export function planeTable(costs: PlaneCosts): string {
  const cell = (value: number | undefined, digits: number): string =>
    (value === undefined ? '-' : value.toFixed(digits)).padStart(12);
  return [
    `${'CPU, all together'.padEnd(18)}${['us/connection', 'us/request', 's/GiB', 'us/datagram'].map((each) => each.padStart(14)).join('')}`,
    ...Object.entries(costs).map(
      ([name, { connection, request, gib, datagram }]) =>
        `${name.padEnd(18)}${[cell(connection, 2), cell(request, 2), cell(gib, 3), cell(datagram, 2)].map((each) => each.padStart(14)).join('')}`,
    ),
  ].join('\n');
}
