import type { Contestant } from './contestant.js';
import type { Generator, LoadReport } from './generator.js';
import { cpuTime } from './processes.js';

/** One server's figures of one round. */
export interface Sample {
  /** CPU time of a query while the server has more to do than it can, µs: all threads, user and system. */
  readonly cpu_us: number;
  readonly qps: number;
  /** The part of its core that the server used then. */
  readonly core: number;
  /** The part of its core that the generator used then. */
  readonly generator: number;
  /** At half of `qps`. */
  readonly p50_us: number;
  readonly p99_us: number;
  readonly octets: number;
  readonly lost: number;
  readonly dnsperf?: { readonly cpu_us: number; readonly qps: number };
}

/** At the rate that is the same for all. */
export interface CommonSample {
  readonly common_p50_us: number;
  readonly common_p99_us: number;
  readonly common_cpu_us: number;
}

export interface MeasureOptions {
  readonly generator: Generator;
  readonly seconds: number;
  readonly window: number;
  readonly dnsperf: boolean;
  readonly edns: boolean;
}

/** @throws Error when a reply was not what it should be */
export async function measure(contestant: Contestant, options: MeasureOptions): Promise<Sample> {
  const { generator, seconds, window } = options;
  const full = await loaded(contestant, () => generator.load(contestant.target, 'window', window, seconds));
  const half = await generator.load(contestant.target, 'rate', full.report.qps / 2, seconds);
  verify(contestant, half);
  return {
    cpu_us: full.cpu / full.report.answered,
    qps: full.report.qps,
    core: full.cpu / 1e6 / full.report.seconds,
    generator: full.report.busy,
    p50_us: half.p50_us ?? Number.NaN,
    p99_us: half.p99_us ?? Number.NaN,
    octets: full.report.octets,
    lost: full.report.lost + half.lost,
    ...(options.dnsperf && { dnsperf: await secondOpinion(contestant, options) }),
  };
}

export async function measureAt(
  contestant: Contestant,
  rate: number,
  options: MeasureOptions,
): Promise<CommonSample> {
  const { generator, seconds } = options;
  const { report, cpu } = await loaded(contestant, () =>
    generator.load(contestant.target, 'rate', rate, seconds),
  );
  return {
    common_p50_us: report.p50_us ?? Number.NaN,
    common_p99_us: report.p99_us ?? Number.NaN,
    common_cpu_us: cpu / report.answered,
  };
}

async function secondOpinion(
  { process, target, dnsperf }: Contestant,
  { generator, edns, seconds }: MeasureOptions,
): Promise<{ cpu_us: number; qps: number }> {
  const before = cpuTime(process.pid);
  const { answered, qps } = await generator.dnsperf(target.port, dnsperf, edns, seconds);
  return { cpu_us: (cpuTime(process.pid) - before) / answered, qps };
}

async function loaded(
  contestant: Contestant,
  load: () => Promise<LoadReport>,
): Promise<{ readonly report: LoadReport; readonly cpu: number }> {
  const before = cpuTime(contestant.process.pid);
  const report = await load();
  const cpu = cpuTime(contestant.process.pid) - before;
  verify(contestant, report);
  return { report, cpu };
}

/** Every reply counts here, not only the sample whose data was compared: nobody wins by answering nonsense. */
function verify({ key, process, records }: Contestant, report: LoadReport): void {
  const ended = process.ended();
  if (ended !== undefined) throw new Error(`${key}: ${ended}`);
  const { answered, rcodes, truncated } = report;
  const good = rcodes['0'] ?? 0;
  const asExpected = Math.abs(report.records / records - 1) < 0.01;
  if (answered === 0 || good < answered || truncated > 0 || !asExpected)
    throw new Error(
      `${key}: ${answered} replies, ${good} without an error, ${truncated} cut, ${report.records} records in the mean, not ${records}`,
    );
}
