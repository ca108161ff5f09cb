/**
 * `npm run soak -- --minutes 10`: a name server whose services change all the time, asked all the time; every answer is
 * compared with what the catalog said while the query was under way. Bars: no wrong answer, and a heap that does not grow.
 */
import { fork } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startDaemon } from '../test/attack/daemon.js';
import { memoryUse } from '../test/attack/heap.js';
import { slope } from './support/least-squares.js';
import { percentile } from './support/percentile.js';
import type { SoakBatch } from './support/soak-asker.js';
import { SoakHistory, type SoakAnswer } from './support/soak-history.js';
import { initialFacts, questionOf, taskFacts } from './support/soak-model.js';

const USAGE = `Asks a name server under constant change, and checks every answer.

  npm run soak -- [options]

  --minutes M    how long, 10 by default
  --services N   1000 by default, 1024 at most
  --changes N    changes a second, 100 by default
  --rate N       queries a second, 2000 by default
  --seed S       1 by default
  -o json        the result as one JSON object
  --help

Exit codes: 0 every answer was right; 1 one was wrong, or nothing was answered; 2 usage.
`;

const asker = fileURLToPath(new URL('support/soak-asker.ts', import.meta.url));
/** Wrong answers that are shown; all are counted. */
const SHOWN = 10;
/** The share of the run in which the heap may still grow: caches fill, code is compiled. */
const WARM_UP = 0.25;
/** Latencies are kept for the newest queries only. */
const KEPT_LATENCIES = 200_000;
const HOUR = 3_600_000;

interface Options {
  readonly minutes: number;
  readonly services: number;
  readonly changes: number;
  readonly rate: number;
  readonly seed: number;
}

/** The clock that all processes of a host share, in ms. */
const now = () => Number(process.hrtime.bigint()) / 1e6;

async function soak({ minutes, services, changes, rate, seed }: Options) {
  const daemon = await startDaemon({ facts: initialFacts(services) });
  const history = new SoakHistory(services);
  const wrong: SoakAnswer[] = [];
  // As large as it gets from the start: what the measurement itself takes must not look like growth.
  const latencies = new Float64Array(KEPT_LATENCIES);
  let [answered, lost, wrongInAll] = [0, 0, 0];
  const take = (batch: SoakBatch) => {
    lost += batch.lost;
    for (const answer of batch.answers) {
      latencies[answered++ % KEPT_LATENCIES] = answer.received - answer.sent;
      if (history.isRight(answer)) continue;
      wrongInAll++;
      if (wrong.length < SHOWN) wrong.push(answer);
    }
  };
  const args = [daemon.address.port, services, rate, seed].map(String);
  const child = fork(asker, args, { execArgv: ['--import', 'tsx'] });
  child.on('message', take);
  const churn = startChurn(changes, () => {
    const service = Math.floor(Math.random() * services);
    const generation = history.generation(service);
    const before = taskFacts(service, generation);
    const after = taskFacts(service, generation + 1);
    const kept = new Set(after.map(({ id }) => id));
    const removedTasks = before.map(({ id }) => id).filter((id) => !kept.has(id));
    const began = now();
    daemon.sink.update({ tasks: after, removedTasks });
    history.changed(service, began, now());
  });
  const heap: (readonly [number, number])[] = [];
  const started = now();
  const duration = minutes * 60_000;
  const every = Math.max(1000, duration / 120);
  let rss = 0;
  for (let told = 0; now() - started < duration;) {
    await sleep(every);
    const use = memoryUse();
    rss = use.rss;
    heap.push([now() - started, use.heap]);
    if (now() - started < told + 10_000) continue;
    told = now() - started;
    console.error(
      `${Math.round(told / 1000)} s, ${answered} answers, ${wrongInAll} wrong, heap ${use.heap.toFixed(1)} MB`,
    );
  }
  const changed = churn.stop();
  // Answers that are under way are checked too.
  await sleep(500);
  child.disconnect();
  await daemon.stop();
  const times = [...latencies.subarray(0, answered)];
  const settled = heap.filter(([at]) => at > duration * WARM_UP);
  return {
    minutes,
    answers: answered,
    wrong: wrongInAll,
    lost,
    changes: changed,
    heapMb: round(heap.at(-1)?.[1] ?? 0),
    heapSlopeMbPerHour: round(slope(settled) * HOUR),
    rssMb: round(rss),
    latencyMs: answered === 0 ? undefined : { p50: percentile(times, 50), p99: percentile(times, 99) },
    faults: daemon.faults.map(String).slice(0, SHOWN),
    examples: wrong.map((answer) => ({
      ...answer,
      ...questionOf(answer.question),
      expected: history.expected(answer),
    })),
  };
}

const round = (value: number) => Math.round(value * 100) / 100;

/** Calls `change` so many times a second, catching up when the process was busy. @returns how many there were, when stopped */
function startChurn(perSecond: number, change: () => void): { stop(): number } {
  const started = now();
  let done = 0;
  const timer = setInterval(() => {
    for (const due = ((now() - started) / 1000) * perSecond; done < due; done++) change();
  }, 10);
  return {
    stop() {
      clearInterval(timer);
      return done;
    },
  };
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '10' },
      services: { type: 'string', default: '1000' },
      changes: { type: 'string', default: '100' },
      rate: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const options = {
    minutes: Number(values.minutes),
    services: Number(values.services),
    changes: Number(values.changes),
    rate: Number(values.rate),
    seed: Number(values.seed),
  };
  if (!Object.values(options).every((number) => number > 0) || options.services > 1024) {
    console.error(USAGE);
    return 2;
  }
  const result = await soak(options);
  if (values.output === 'json') console.log(JSON.stringify(result));
  else print(result, options);
  return result.wrong === 0 && result.faults.length === 0 && result.answers > 0 ? 0 : 1;
}

function print(result: Awaited<ReturnType<typeof soak>>, { services }: Options): void {
  const { latencyMs, examples, faults } = result;
  console.log(`${result.minutes} min, ${services} services, ${result.changes} changes, ${result.answers} answers

wrong answers  ${result.wrong} (bar: 0)
lost queries   ${result.lost}
heap           ${result.heapMb} MB, growing by ${result.heapSlopeMbPerHour} MB/hour after the first quarter of the run (bar: about 0)
RSS            ${result.rssMb} MB
latency        p50 ${latencyMs?.p50 ?? '-'} ms, p99 ${latencyMs?.p99 ?? '-'} ms (forced collections of garbage included)
faults         ${faults.length}`);
  for (const { name, type, answer, expected } of examples) {
    console.log(
      `\nwrong: ${name} ${type}\n  said      ${answer}\n  right is  ${expected.join('\n  or        ')}`,
    );
  }
  for (const fault of faults) console.log(`\nfault: ${fault}`);
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});
