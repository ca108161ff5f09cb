/**
 * `npm run bench:catalog [-- --json]`: what the catalog costs at 10,000 services with 100,000 tasks: building it, one
 * change with the answers that it prepares, and memory. Bars: a change 1 ms at the median, 300 MB resident.
 */
import { parseArgs } from 'node:util';
import { Catalog } from '../src/catalog/catalog.js';
import { viewOf, type View } from '../src/catalog/view.js';
import type { TaskFact } from '../src/catalog/facts.js';
import { preparedAddresses } from '../src/dns/zone/prepared.js';

const SERVICES = 10_000;
const TASKS_EACH = 10;
const CHANGES = 5_000;

function fact(service: number, task: number, generation: number): TaskFact {
  const index = service * TASKS_EACH + task;
  const stack = `stack${Math.floor(service / 10)}`;
  const name = `${stack}_svc${service}_${task + 1}`;
  return {
    id: index.toString(16).padStart(64, '0'),
    name,
    names: [name, name.replaceAll('_', '-')],
    environment: 'default',
    stack,
    service: { environment: 'default', stack, service: `svc${service}` },
    health: 'healthy',
    endpoints: [{ network: 'front', ip: `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}` }],
    ports: [{ port: 80, protocol: 'tcp', target: 80 }],
    labels: {
      'com.docker.compose.project': stack,
      'com.docker.compose.service': `svc${service}`,
      'com.docker.compose.container-number': String(task + 1),
    },
    links: {},
    weight: 1,
    expose: false,
    startedAt: 1_700_000_000_000 + generation,
  };
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

const round = (value: number) => Math.round(value * 1000) / 1000;
const rssMb = () => {
  globalThis.gc?.();
  return round(process.memoryUsage().rss / 1024 / 1024);
};

const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
const networks = [
  {
    id: 'front',
    name: 'front',
    driver: 'bridge',
    internal: false,
    subnets: ['10.0.0.0/8'],
    gateways: ['10.255.255.254'],
  },
];
const emptyMb = rssMb();
const catalog = new Catalog();
const sink = catalog.sink('docker');
const prepare = (key: string, view: View) => {
  const service = catalog.snapshot.serviceByKey(key);
  if (service) preparedAddresses(catalog.snapshot, service, view);
};

// Sources tell what they have in pages (Consul a service at a time, Docker a batch of inspects at a time).
const PAGE = 100;
const buildStarted = performance.now();
const buildCpuStarted = process.cpuUsage();
sink.update({ networks });
for (let first = 0; first < SERVICES; first += PAGE) {
  const tasks: TaskFact[] = [];
  for (let service = first; service < first + PAGE; service++) {
    for (let task = 0; task < TASKS_EACH; task++) tasks.push(fact(service, task, 0));
  }
  sink.update({ tasks });
}
const view = viewOf(catalog.snapshot, '10.0.0.1', 'default');
for (const service of catalog.snapshot.services()) preparedAddresses(catalog.snapshot, service, view);
const buildMs = performance.now() - buildStarted;
const buildCpu = process.cpuUsage(buildCpuStarted);
const builtMb = rssMb();

// What a consumer does on a change: it prepares the answers of the services that changed.
catalog.onChange(({ services }) => {
  for (const key of [...services.added, ...services.changed]) prepare(key, view);
});

const times: number[] = [];
const cpuStarted = process.cpuUsage();
for (let change = 0; change < CHANGES; change++) {
  const service = (change * 7919) % SERVICES;
  const changed: TaskFact = {
    ...fact(service, change % TASKS_EACH, change + 1),
    health: change % 2 === 0 ? 'draining' : 'healthy',
  };
  const started = performance.now();
  sink.update({ tasks: [changed] });
  times.push(performance.now() - started);
}
const cpu = process.cpuUsage(cpuStarted);
times.sort((a, b) => a - b);

const result = {
  services: SERVICES,
  tasks: SERVICES * TASKS_EACH,
  build_ms: round(buildMs),
  build_cpu_ms: round((buildCpu.user + buildCpu.system) / 1000),
  change_ms: {
    p50: round(quantile(times, 0.5)),
    p99: round(quantile(times, 0.99)),
    max: round(times.at(-1) ?? 0),
  },
  change_cpu_us: round((cpu.user + cpu.system) / CHANGES),
  rss_mb: { empty: emptyMb, built: builtMb, after_changes: rssMb() },
};
if (values.json) {
  console.log(JSON.stringify(result));
} else {
  console.log(`catalog of ${SERVICES} services, ${SERVICES * TASKS_EACH} tasks, answers prepared for one set of networks

build            ${result.build_ms} ms (${result.build_cpu_ms} ms CPU)
one change       p50 ${result.change_ms.p50} ms, p99 ${result.change_ms.p99} ms, max ${result.change_ms.max} ms (${CHANGES} changes; bar: p50 <= 1 ms)
CPU per change   ${result.change_cpu_us} us
resident memory  ${builtMb} MB after the build, ${result.rss_mb.after_changes} MB after the changes, ${emptyMb} MB empty (bar: 300 MB)`);
}
