import type { CommonSample, Sample } from './measure.js';
import type { Scenario, ServerKey } from './scenario.js';

/** `fairlead-churn` is Fairlead while its services change. */
export type ContestantKey = ServerKey | 'fairlead-churn';

/** One server's figures: medians over the rounds. */
export interface ServerFigures {
  readonly title: string;
  readonly cpu_us: number;
  /** CPU time as a multiple of the floor's in the same round. */
  readonly to_floor: number | null;
  readonly qps: number;
  readonly core: number;
  readonly generator: number;
  readonly p50_us: number;
  readonly p99_us: number;
  readonly common_p50_us: number;
  readonly common_p99_us: number;
  readonly common_cpu_us: number;
  readonly rss_mb: number;
  readonly peak_rss_mb: number;
  readonly octets: number;
  readonly lost: number;
  readonly dnsperf?: { readonly cpu_us: number; readonly to_floor: number | null; readonly qps: number };
}

export interface Bar {
  readonly what: string;
  readonly value: number | null;
  readonly bar: number;
  /** `null`: who it is compared with did not take part. */
  readonly met: boolean | null;
}

export interface ScenarioResult {
  readonly title: string;
  readonly servers: Partial<Record<ContestantKey, ServerFigures>>;
  /** Fairlead's CPU time of a query as a multiple of others'. */
  readonly ratio_to_floor: number | null;
  readonly ratio_to_best_peer: number | null;
  readonly best_peer: ContestantKey | null;
  /** Fairlead's p99 at half load as a multiple of the best peer's. */
  readonly p99_ratio: number | null;
  /** Queries a second at which all were compared. */
  readonly common_rate: number;
  readonly rounds: number;
  readonly bars: readonly Bar[];
}

/** What `--json` prints: the first scenario's figures on top, then all scenarios. */
export interface BenchResult extends Partial<
  Pick<ScenarioResult, 'servers' | 'ratio_to_floor' | 'ratio_to_best_peer'>
> {
  readonly scenarios: Readonly<Record<string, ScenarioResult>>;
  /** Whether all bars are met; `null`: some could not be judged. */
  readonly met: boolean | null;
  readonly machine: string;
  readonly method: string;
}

/** All that was measured of one server, a sample a round. */
export interface Trial {
  readonly key: ContestantKey;
  readonly title: string;
  readonly peer: boolean;
  readonly samples: readonly (Sample & CommonSample)[];
  readonly rss: number;
  readonly peak: number;
}

const RSS_BAR_MB = 110;

export function summarize(scenario: Scenario, trials: readonly Trial[], commonRate: number): ScenarioResult {
  const byKey = new Map(trials.map((trial) => [trial.key, trial]));
  const floor = byKey.get('floor');
  const fairlead = byKey.get('fairlead');
  const peers = trials.filter(({ peer }) => peer);
  const cheapest = least(peers, (trial) => medianOf(trial, 'cpu_us'));
  const quickest = least(peers, (trial) => medianOf(trial, 'p99_us'));
  const toFloor = ratio(fairlead, floor, 'cpu_us');
  const toPeer = ratio(fairlead, cheapest, 'cpu_us');
  const p99 = ratio(fairlead, quickest, 'p99_us');
  const bars = [
    bar('CPU time of a query / the floor’s', toFloor, scenario.bar),
    bar(`CPU time of a query / the best peer’s (${cheapest?.title ?? 'none'})`, toPeer, 1),
    bar(`p99 at half load / the best peer’s (${quickest?.title ?? 'none'})`, p99, 1),
  ];
  if (scenario.key === 'own' && fairlead)
    bars.push(bar('resident memory, MB', round(fairlead.rss), RSS_BAR_MB));
  return {
    title: scenario.title,
    servers: Object.fromEntries(trials.map((trial) => [trial.key, figuresOf(trial, floor)])),
    ratio_to_floor: toFloor,
    ratio_to_best_peer: toPeer,
    best_peer: cheapest?.key ?? null,
    p99_ratio: p99,
    common_rate: Math.round(commonRate),
    rounds: Math.max(0, ...trials.map(({ samples }) => samples.length)),
    bars,
  };
}

type Figure = Exclude<keyof (Sample & CommonSample), 'dnsperf'>;

const medianOf = ({ samples }: Trial, figure: Figure): number =>
  median(samples.map((sample) => sample[figure]));

export function ratio(of: Trial | undefined, to: Trial | undefined, figure: Figure): number | null {
  if (!of || !to) return null;
  return ratioOf(
    of.samples.map((sample) => sample[figure]),
    to.samples.map((sample) => sample[figure]),
  );
}

/** The median of the rounds' ratios: what disturbs a round disturbs both. */
function ratioOf(of: readonly number[], to: readonly number[]): number | null {
  if (to.length === 0) return null;
  return round(median(of.map((figure, index) => figure / (to[index] ?? Number.NaN))), 3);
}

export function figuresOf(trial: Trial, floor: Trial | undefined): ServerFigures {
  const of = (figure: Figure, digits = 0) => round(medianOf(trial, figure), digits);
  const opinions = trial.samples.flatMap(({ dnsperf }) => dnsperf ?? []);
  const floors = floor?.samples.flatMap(({ dnsperf }) => dnsperf ?? []) ?? [];
  return {
    title: trial.title,
    cpu_us: of('cpu_us', 3),
    to_floor: ratio(trial, floor, 'cpu_us'),
    qps: of('qps'),
    core: of('core', 2),
    generator: of('generator', 2),
    p50_us: of('p50_us', 1),
    p99_us: of('p99_us', 1),
    common_p50_us: of('common_p50_us', 1),
    common_p99_us: of('common_p99_us', 1),
    common_cpu_us: of('common_cpu_us', 3),
    rss_mb: round(trial.rss, 1),
    peak_rss_mb: round(trial.peak, 1),
    octets: of('octets', 1),
    lost: trial.samples.reduce((sum, { lost }) => sum + lost, 0),
    ...(opinions.length > 0 && {
      dnsperf: {
        cpu_us: round(median(opinions.map(({ cpu_us }) => cpu_us)), 3),
        to_floor: ratioOf(
          opinions.map(({ cpu_us }) => cpu_us),
          floors.map(({ cpu_us }) => cpu_us),
        ),
        qps: Math.round(median(opinions.map(({ qps }) => qps))),
      },
    }),
  };
}

export function bar(what: string, value: number | null, limit: number): Bar {
  return { what, value, bar: limit, met: value === null ? null : value <= limit };
}

function least(trials: readonly Trial[], figure: (trial: Trial) => number): Trial | undefined {
  return [...trials].sort((a, b) => figure(a) - figure(b))[0];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[middle]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

export function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}
