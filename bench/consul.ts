// What Consul costs, and how soon it tells: `npm run bench:consul -- [--json] [--only latency|idle|fleet] [--rounds N]
// [--seconds N] [--hosts N]`. A real Consul server on loopback; needs its program.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createConsul, type ConsulAgent } from '../test/e2e/support/consul.js';
import { measureFleet, runFleetWorker, type FleetShape } from './consul/fleet.js';
import { measureLatency } from './consul/latency.js';
import { measureIdle } from './consul/load.js';

/** Milliseconds that Fairlead may need more than Consul's own blocking query. */
const BAR_MS = 20;
const BAR_REQUESTS = 0.2;

const method =
  `latency: a task comes up in the catalog of a publisher until it is in the catalog of a source that watches its ` +
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
      only: { type: 'string' },
      rounds: { type: 'string', default: '200' },
      seconds: { type: 'string', default: '60' },
      services: { type: 'string', default: '1000' },
      hosts: { type: 'string', default: '100' },
    },
  });
  const [rounds, seconds, services, hosts] = [
    values.rounds,
    values.seconds,
    values.services,
    values.hosts,
  ].map(Number) as [number, number, number, number];
  const wants = (part: string): boolean => values.only === undefined || values.only === part;
  const latency = wants('latency') ? await withConsul((consul) => measureLatency(consul, rounds)) : undefined;
  const idle = wants('idle')
    ? await withConsul((consul) => measureIdle(consul, services, seconds))
    : undefined;
  const shape = { hosts, services: 200, instances: 3, used: 20 };
  const fleet = wants('fleet')
    ? await withConsul((consul) => measureFleet(consul, shape, seconds))
    : undefined;
  const verdict = {
    ...(latency && {
      latency_met: latency.fairlead.p99_ms <= latency.consul_http.p99_ms + BAR_MS,
      bar_more_than_consul_http_ms: BAR_MS,
    }),
    ...(idle && {
      idle_met: idle.requests_per_second_and_service <= BAR_REQUESTS,
      bar_requests_per_second_and_service: BAR_REQUESTS,
    }),
    ...{ node: process.version, method },
  };
  const figures = { ...(latency && { latency }), ...(idle && { idle }), ...(fleet && { fleet }), ...verdict };
  console.log(values.json ? JSON.stringify(figures) : JSON.stringify(figures, undefined, 2));
}

await main().catch((error: unknown) => {
  console.error(`bench:consul: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
