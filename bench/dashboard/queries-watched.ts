import { join } from 'node:path';
import { admit, type Contestant } from '../dns/contestant.js';
import type { Generator } from '../dns/generator.js';
import { measure } from '../dns/measure.js';
import { scenarioOf } from '../dns/scenario.js';
import { fairlead } from '../dns/servers/fairlead.js';
import { median, round } from '../dns/summary.js';
import { freePort, writeInto, type Workshop } from '../dns/workshop.js';
import { makeZone } from '../dns/zone.js';
import { openLogPage } from './log-page.js';

const WINDOW = 192;
const SETTLING_SECONDS = 2;

export interface WatchedFigures {
  /** CPU time of a query, µs. */
  readonly before: number;
  readonly unwatched: number;
  readonly watched: number;
  /** Medians of the ratios within a round. */
  readonly unwatchedToBefore: number;
  readonly watchedToUnwatched: number;
  /** Queries that the log page has been shown. */
  readonly shown: number;
}

export interface WatchedOptions {
  readonly workshop: Workshop;
  readonly generator: Generator;
  readonly main: string;
  /** The built `main.js` from before there was a log. */
  readonly before: string;
  readonly rounds: number;
  readonly seconds: number;
}

/** What a query of an own name costs before there was a log, while no one looks at the log, and while a page does. */
export async function queriesWatched(options: WatchedOptions): Promise<WatchedFigures> {
  const { workshop, generator, rounds, seconds } = options;
  const dir = workshop.room('watched');
  const old = await enter(options.before, workshop.room('before'), generator);
  const now = await enter(options.main, dir, generator);
  const samples: { before: number; unwatched: number; watched: number }[] = [];
  const cpu = async (contestant: Contestant): Promise<number> =>
    (await measure(contestant, { generator, seconds, window: WINDOW, dnsperf: false, edns: false })).cpu_us;
  let shown = 0;
  try {
    for (let at = 0; at < rounds; at++) {
      const before = await cpu(old);
      const unwatched = await cpu(now);
      const page = await openLogPage(join(dir, 'api.sock'));
      // At first all queries are looked at; a second later as many as can be read.
      await generator.load(now.target, 'window', WINDOW, SETTLING_SECONDS);
      const watched = await cpu(now);
      shown += await page.close();
      samples.push({ before, unwatched, watched });
    }
  } finally {
    await Promise.all([old, now].map(({ process }) => process.stop()));
  }
  if (shown === 0) throw new Error('the log page has been shown no query');
  const of = (figure: (sample: (typeof samples)[number]) => number, digits = 3): number =>
    round(median(samples.map(figure)), digits);
  return {
    before: of(({ before }) => before),
    unwatched: of(({ unwatched }) => unwatched),
    watched: of(({ watched }) => watched),
    unwatchedToBefore: of(({ before, unwatched }) => unwatched / before),
    watchedToUnwatched: of(({ unwatched, watched }) => watched / unwatched),
    shown,
  };
}

async function enter(main: string, dir: string, generator: Generator): Promise<Contestant> {
  const scenario = scenarioOf('own');
  const zone = makeZone(scenario.shape);
  const port = await freePort();
  const write = (name: string, content: string | Buffer): string => writeInto(dir, name, content);
  const spec = fairlead(main, 'auto');
  const program = await spec.launch({ dir, port, zone, scenario, upstream: 0, freePort, write });
  const questions = scenario.questions(zone);
  const entry = { key: spec.key, title: spec.title, peer: false, program, port, dir, questions } as const;
  return admit(entry, { generator, scenario, core: 0 });
}
