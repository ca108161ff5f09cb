import { setTimeout as pause } from 'node:timers/promises';
import { Catalog } from '../../src/catalog/catalog.js';
import type { TaskFact } from '../../src/catalog/facts.js';
import { CheckBook } from '../../src/health/check-book.js';
import { Checker } from '../../src/health/checker.js';
import { probeMaker } from '../../src/health/probes/make.js';
import { TtlBoard } from '../../src/health/probes/ttl.js';
import { systemTimers } from '../../src/runtime/timers.js';
import { percentile } from '../support/percentile.js';
import { addressOf, INTERVAL_MS, SERVICES, WARM_UP_MS, type Load } from './load.js';

/** What the checker alone costs, in this process. */
export interface CheckerFigures {
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

/** Each task has an address of its own out of 127.0.0.0/8. */
const factOf = (index: number, labels: Readonly<Record<string, string>>): TaskFact => ({
  id: `task-${index}`,
  name: `web_${index}`,
  names: [`web-${index}`],
  environment: 'default',
  stack: 'bench',
  service: { environment: 'default', stack: 'bench', service: `web${index % SERVICES}` },
  health: 'healthy',
  endpoints: [{ network: '*', ip: addressOf(index) }],
  ports: [{ port: 80, protocol: 'tcp', target: 80 }],
  labels,
  links: {},
  weight: 1,
  expose: false,
});

export async function measureChecker({ tasks, kind, port, seconds }: Load): Promise<CheckerFigures> {
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
      if (sample.result !== 'passed') failed++;
    },
  });
  const labels = {
    'fairlead.health.type': kind,
    'fairlead.health.port': String(port),
    'fairlead.health.interval': `${INTERVAL_MS}ms`,
  };
  checker.start();
  catalog
    .sink('bench')
    .replace({ tasks: Array.from({ length: tasks }, (_, index) => factOf(index, labels)) });
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

const round = (value: number): number => Math.round(value * 10) / 10;
