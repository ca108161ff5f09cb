// What Consul costs, and how soon it tells: `npm run bench:consul -- [--json] [--parts hosts,idle,latency,fleet]
// [--changes N] [--gap MS] [--seconds N] [--services N] [--hosts N]`. Without arguments it measures `hosts` and `idle`.
// Real Consul servers; needs their program, and for `hosts` root and a Docker engine's programs.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createConsul, type ConsulAgent } from '../test/e2e/support/consul.js';
import { measureFleet, runFleetWorker, type FleetShape } from './consul/fleet.js';
import { measureLatency } from './consul/latency.js';
import { measureIdle } from './consul/load.js';
import type { TwoHostsFigures } from './consul/two-hosts.js';

/** Milliseconds that Fairlead may need more than Consul's own blocking query. */
const BAR_MS = 20;
const BAR_REQUESTS = 0.2;

const PARTS = ['hosts', 'idle', 'latency', 'fleet'] as const;

// This runs as one file below node_modules/.cache (bench/run.js).
const root = fileURLToPath(new URL('../../..', import.meta.url));

const method =
  `hosts: two hosts, each a network namespace with a Docker engine, a Consul agent and Fairlead; containers are started ` +
  `on one, and the clock runs from the engine's own stamp until the other host has the container: in Fairlead's SRV ` +
  `answer, in a blocking query of its agent, and in the SRV answer of its agent's DNS, each DNS server asked every 2 ` +
  `ms; one container comes and one goes each time. latency: a task comes up in the catalog of a publisher until it is in the catalog of a source that watches its ` +
  `service; consul_http: until a blocking query for the service has it; consul_dns: until the DNS of Consul has it, ` +
  `asked each millisecond; all in one process at one server. idle: one host watches every service, nothing changes. ` +
  `fleet: real sources and publishers of many hosts in a few processes, at one server; a change is another weight of ` +
  `one task of a service that every tenth host uses.`;

async function withConsul<T>(work: (consul: ConsulAgent) => Promise<T>): Promise<T> {
  // In a fleet each host has an agent of its own, and so no limit in common with others. Consul does not start with a
  // limit that its file descriptors do not allow.
  const files = Number(
    /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024,
  );
  const most = Math.min(20_000, Math.floor(files / 2));
  const consul = await createConsul({ settings: [`limits { http_max_conns_per_client = ${most} }`] });
  try {
    await consul.start();
    return await work(consul);
  } finally {
    await consul.close();
  }
}

/** In a process of its own, which runs the support of the tests with engines as it is. */
function measureHosts(changes: number, gap: number): TwoHostsFigures {
  const script = ['--import', 'tsx', 'bench/consul/two-hosts.ts', String(changes), String(gap)];
  const { status, stdout } = spawnSync(process.execPath, script, {
    ...{ cwd: root, encoding: 'utf8' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error('the measurement with two hosts failed');
  return JSON.parse(stdout) as TwoHostsFigures;
}

interface Percentiles {
  readonly p50_ms: number;
  readonly p99_ms: number;
}

const isMet = (fairlead: Percentiles, consul: Percentiles): boolean =>
  fairlead.p50_ms <= consul.p50_ms + BAR_MS && fairlead.p99_ms <= consul.p99_ms + BAR_MS;

function wholeNumber(key: string, text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new Error(`--${key} ${text}: a whole number from 1 is needed`);
  return Number(text);
}

async function main(): Promise<void> {
  const [role, ...rest] = process.argv.slice(2);
  if (role === 'fleet-worker') {
    const [address = '', first = '', count = '', shape = ''] = rest;
    await runFleetWorker(address, Number(first), Number(count), JSON.parse(shape) as FleetShape);
    return;
  }
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      parts: { type: 'string', default: 'hosts,idle' },
      changes: { type: 'string', default: '50' },
      gap: { type: 'string', default: '700' },
      seconds: { type: 'string', default: '30' },
      services: { type: 'string', default: '1000' },
      hosts: { type: 'string', default: '100' },
    },
  });
  const parts = values.parts.split(',');
  const unknown = parts.find((part) => !PARTS.some((each) => each === part));
  if (unknown !== undefined) throw new Error(`--parts ${unknown}: must be one of ${PARTS.join(', ')}`);
  const number = (key: 'changes' | 'gap' | 'seconds' | 'services' | 'hosts') => wholeNumber(key, values[key]);
  const [changes, gap, seconds] = [number('changes'), number('gap'), number('seconds')];
  const wants = (part: (typeof PARTS)[number]): boolean => parts.includes(part);
  const hosts = wants('hosts') ? measureHosts(changes, gap) : undefined;
  const latency = wants('latency')
    ? await withConsul((consul) => measureLatency(consul, changes, gap))
    : undefined;
  const idle = wants('idle')
    ? await withConsul((consul) => measureIdle(consul, number('services'), seconds))
    : undefined;
  const shape = { hosts: number('hosts'), services: 200, instances: 3, used: 20 };
  const fleet = wants('fleet')
    ? await withConsul((consul) => measureFleet(consul, shape, seconds))
    : undefined;
  const verdict = {
    ...(hosts && { hosts_met: isMet(hosts.fairlead, hosts.consul_http) }),
    ...(latency && { latency_met: isMet(latency.fairlead, latency.consul_http) }),
    ...((hosts ?? latency) && { bar_more_than_consul_http_ms: BAR_MS }),
    ...(idle && {
      idle_met: idle.requests_per_second_and_service <= BAR_REQUESTS,
      bar_requests_per_second_and_service: BAR_REQUESTS,
    }),
    ...{ node: process.version, method },
  };
  const figures = {
    ...(hosts && { hosts }),
    ...(latency && { latency }),
    ...(idle && { idle }),
    ...(fleet && { fleet }),
    ...verdict,
  };
  console.log(values.json ? JSON.stringify(figures) : JSON.stringify(figures, undefined, 2));
}

await main().catch((error: unknown) => {
  console.error(`bench:consul: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
