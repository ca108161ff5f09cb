import { enter, type Contestant, type Stage } from './contestant.js';
import { measure, measureAt, type CommonSample, type MeasureOptions, type Sample } from './measure.js';
import { memoryOf } from './processes.js';
import type { ServerSpec } from './servers/spec.js';
import { summarize, type ContestantKey, type ScenarioResult, type Trial } from './summary.js';

export interface ContestOptions extends MeasureOptions {
  readonly rounds: number;
  /** One line for who is left out, and for progress. */
  readonly tell: (line: string) => void;
}

/** Those whose speed sets the rate at which all are compared would else be asked more than they can answer. */
const SLOW: readonly ContestantKey[] = ['fairlead-dgram', 'consul'];

/** One scenario: all servers run at once, and are measured in turn, round after round. */
export async function contest(
  stage: Stage,
  specs: readonly ServerSpec[],
  options: ContestOptions,
): Promise<ScenarioResult> {
  const { scenario } = stage;
  const { tell } = options;
  const contestants: Contestant[] = [];
  try {
    for (const spec of specs) {
      if (!scenario.servers.includes(spec.key)) continue;
      try {
        contestants.push(await enter(spec, stage));
      } catch (error) {
        tell(`${scenario.key}: without ${spec.key}: ${messageOf(error)}`);
      }
    }
    return await playRounds(stage, contestants, options);
  } finally {
    await Promise.all(contestants.map(({ process }) => process.stop()));
  }
}

async function playRounds(
  { scenario }: Stage,
  contestants: readonly Contestant[],
  options: ContestOptions,
): Promise<ScenarioResult> {
  const samples = new Map(contestants.map((each) => [each, [] as (Sample & CommonSample)[]] as const));
  /** @returns undefined when it is left out from now on */
  const attempt = async <T>(contestant: Contestant, figures: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await figures();
    } catch (error) {
      options.tell(`${scenario.key}: without ${contestant.key}: ${messageOf(error)}`);
      samples.delete(contestant);
      return undefined;
    }
  };
  let rate = 0;
  for (let round = 1; round <= options.rounds; round++) {
    options.tell(`${scenario.key}: round ${round} of ${options.rounds}`);
    const full = new Map<Contestant, Sample>();
    for (const contestant of [...samples.keys()]) {
      const sample = await attempt(contestant, () => measure(contestant, options));
      if (sample) full.set(contestant, sample);
    }
    rate ||= commonRate(full);
    for (const [contestant, sample] of full) {
      const bearable = Math.min(rate, sample.qps * 0.8);
      const common = await attempt(contestant, () => measureAt(contestant, bearable, options));
      if (common) samples.get(contestant)?.push({ ...sample, ...common });
    }
  }
  const trials = [...samples].map(([{ key, title, peer, process }, list]): Trial => {
    return { key, title, peer, samples: list, ...memoryOf(process.pid) };
  });
  return summarize(scenario, trials, rate);
}

/** Half of what the slowest of the fast ones answers. */
function commonRate(full: ReadonlyMap<Contestant, Sample>): number {
  const entries = [...full];
  const fast = entries.filter(([{ key }]) => !SLOW.includes(key));
  const rates = (fast.length > 0 ? fast : entries).map(([, { qps }]) => qps);
  return rates.length === 0 ? 0 : Math.min(...rates) / 2;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
