import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { admit, type Contestant } from './contestant.js';
import type { ContestOptions } from './contest.js';
import { measure, type CommonSample, type Sample } from './measure.js';
import { memoryOf } from './processes.js';
import { scenarioOf } from './scenario.js';
import { bar, figuresOf, ratio, type ScenarioResult, type Trial } from './summary.js';
import { freePort, writeInto, type Workshop } from './workshop.js';
import { makeZone } from './zone.js';

export interface ChurnStage {
  readonly workshop: Workshop;
  readonly core: number;
  /** The built `main.js`. */
  readonly main: string;
}

/** A second. */
const CHANGES = 100;
/** Changes and queries a second before the first round: a daemon that runs for days has compiled what it does all the time. */
const WARM_UP = { changes: 1000, queries: 50_000, seconds: 12 };
/** ms after which changes no longer begin, but go on: the first after a calm are told one by one. */
const SETTLE_MS = 2000;
/** Queries a second without changes, as a multiple of those with them. */
const SLOWER_BAR = 1.05;
const TITLE = `own names while ${CHANGES} of 1,000 services change every second, and without`;

/** Fairlead with itself, in one process, in turn with and without changes. */
export async function churn(stage: ChurnStage, options: ContestOptions): Promise<ScenarioResult> {
  const { workshop, core, main } = stage;
  const scenario = scenarioOf('own');
  const dir = workshop.room('churn');
  const port = await freePort();
  const questions = scenario.questions(makeZone(scenario.shape));
  // This very file again: bench/dns.ts sees the argument.
  const args = [process.argv[1] ?? '', '--churn-daemon', configFile(dir, port), '--daemon', main];
  const program = { command: process.execPath, args, ipc: true };
  const entry = {
    key: 'fairlead',
    title: 'Fairlead, no changes',
    peer: false,
    program,
    port,
    dir,
    questions,
  } as const;
  const contestant = await admit(entry, { generator: options.generator, scenario, core });
  try {
    await setRate(contestant, WARM_UP.changes);
    await options.generator.load(contestant.target, 'rate', WARM_UP.queries, WARM_UP.seconds);
    const still: (Sample & CommonSample)[] = [];
    const changing: (Sample & CommonSample)[] = [];
    for (let round = 1; round <= options.rounds; round++) {
      options.tell(`churn: round ${round} of ${options.rounds}`);
      still.push(await play(contestant, 0, options));
      changing.push(await play(contestant, CHANGES, options));
    }
    const memory = memoryOf(contestant.process.pid);
    const quiet = { key: 'fairlead', title: entry.title, peer: false, samples: still, ...memory } as const;
    const busy = {
      ...quiet,
      key: 'fairlead-churn',
      title: `Fairlead, ${CHANGES} changes a second`,
      samples: changing,
    } as const;
    return resultOf(quiet, busy);
  } finally {
    await contestant.process.stop();
  }
}

function resultOf(quiet: Trial, busy: Trial): ScenarioResult {
  return {
    title: TITLE,
    servers: { fairlead: figuresOf(quiet, undefined), 'fairlead-churn': figuresOf(busy, undefined) },
    ratio_to_floor: null,
    ratio_to_best_peer: null,
    best_peer: null,
    p99_ratio: ratio(busy, quiet, 'p99_us'),
    common_rate: 0,
    rounds: quiet.samples.length,
    bars: [
      bar('queries a second without changes / with', ratio(quiet, busy, 'qps'), SLOWER_BAR),
      bar('CPU time of a query with changes / without', ratio(busy, quiet, 'cpu_us'), SLOWER_BAR),
    ],
  };
}

async function play(
  contestant: Contestant,
  changes: number,
  options: ContestOptions,
): Promise<Sample & CommonSample> {
  await setRate(contestant, changes);
  await sleep(SETTLE_MS);
  const sample = await measure(contestant, options);
  return {
    ...sample,
    common_p50_us: sample.p50_us,
    common_p99_us: sample.p99_us,
    common_cpu_us: sample.cpu_us,
  };
}

/** Resolves when the services change so many times a second. */
async function setRate({ process: { child } }: Contestant, changes: number): Promise<void> {
  child.send({ changes });
  await once(child, 'message');
}

const configFile = (dir: string, port: number): string =>
  writeInto(
    dir,
    'fairlead.yaml',
    `
state: ${dir}/state
log: { level: warn }
dns: { listen: ['127.0.0.1:${port}'], upstreams: [] }
sources: {}
vip: { pool: 127.43.0.0/16 }
api: { listen: ['unix:${dir}/api.sock'] }
`,
  );
