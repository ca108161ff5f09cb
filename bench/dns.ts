/**
 * `npm run bench:dns`: what a query costs, Fairlead beside the servers that are installed and beside a C program that does
 * nothing but receive and send. Servers are on one core, the load generator on another.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { chart } from './dns/chart.js';
import { churnDaemon } from './dns/churn-daemon.js';
import { churn } from './dns/churn.js';
import { contest } from './dns/contest.js';
import { createGenerator } from './dns/generator.js';
import { readOptions, UsageError, type Options } from './dns/options.js';
import { stopAll } from './dns/processes.js';
import { SCENARIOS, scenarioOf } from './dns/scenario.js';
import { allServers } from './dns/servers/index.js';
import type { BenchResult, ScenarioResult } from './dns/summary.js';
import { markdown, table } from './dns/tables.js';
import { startUpstream } from './dns/upstream.js';
import { createWorkshop } from './dns/workshop.js';
import { makeZone } from './dns/zone.js';

const USAGE = `What a DNS query costs: Fairlead, its peers, and a C program that only receives and sends.

  npm run bench:dns -- [options]

  --scenario NAMES   ${SCENARIOS.join(', ')}, churn, all; commas between them; default own
  --servers NAMES    floor, fairlead, fairlead-dgram, dnsmasq, unbound, bind, nsd, knot, consul; default all
  --seconds N        of each measurement, default 4
  --rounds N         default 3
  --window N         queries out at a time, default 192
  --cores S,G        of the servers and of the load generator, default 0,1
  --dnsperf          a second opinion by dnsperf
  --daemon FILE      the built main.js, default dist/main.js, which is built first
  --json             the result as one JSON object
  --markdown         the tables of docs/performance.md
  --chart FILE       an SVG chart of the CPU times
  --from FILE        no measurement: the result of an earlier --json
  --help

A server that is not installed, does not start or answers wrongly is left out, with a line on standard error.
Exit codes: 0 measured, whether the bars are met or not; 1 not measured; 2 usage.
`;

/** This runs as one file in node_modules/.cache/fairlead-bench (run.js). */
const root = fileURLToPath(new URL('../../..', import.meta.url));

async function run(options: Options): Promise<BenchResult> {
  const main = options.main ?? buildDaemon();
  const [core, generatorCore] = options.cores;
  const workshop = createWorkshop(`${root}bench/dns`);
  const stop = () => {
    stopAll();
    workshop.clear();
    process.exit(130);
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    const floor = workshop.compile('floor.c');
    const generator = createGenerator(workshop.compile('load.c'), generatorCore);
    const specs = allServers(floor, main).filter(({ key }) => options.servers?.includes(key) ?? true);
    const upstream = await startUpstream(workshop, floor, generatorCore);
    const scenarios: Record<string, ScenarioResult> = {};
    try {
      for (const key of options.scenarios) {
        if (key === 'churn') {
          scenarios[key] = await churn({ workshop, core, main }, { ...options, generator, edns: false });
          continue;
        }
        const scenario = scenarioOf(key);
        const zone = makeZone(scenario.shape);
        const stage = { workshop, generator, scenario, zone, upstream: upstream.port, core };
        scenarios[key] = await contest(stage, specs, { ...options, generator, edns: key === 'edns' });
      }
    } finally {
      await upstream.process.stop();
    }
    return resultOf(scenarios, options);
  } finally {
    workshop.clear();
  }
}

/** The first scenario's figures are those on top. */
function resultOf(scenarios: Readonly<Record<string, ScenarioResult>>, options: Options): BenchResult {
  const [first] = Object.values(scenarios);
  const verdicts = Object.values(scenarios).flatMap(({ bars }) => bars.map(({ met }) => met));
  const processor = cpus()[0]?.model ?? 'unknown processor';
  return {
    ...(first && {
      servers: first.servers,
      ratio_to_floor: first.ratio_to_floor,
      ratio_to_best_peer: first.ratio_to_best_peer,
    }),
    scenarios,
    met: verdicts.includes(false) ? false : verdicts.includes(null) ? null : true,
    machine: `${processor}, ${cpus().length} cores, Linux ${release()}, Node ${process.version}`,
    method:
      `servers on core ${options.cores[0]}, generator on core ${options.cores[1]}; ${options.window} queries out at a time for ${options.seconds} s, ` +
      `then half of that rate for ${options.seconds} s, then one rate for all; ${options.rounds} rounds in turn, medians; ` +
      'ratios are medians of the ratios within a round',
  };
}

/** @throws Error when the sources do not compile */
function buildDaemon(): string {
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
  return `${root}dist/main.js`;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string' },
      servers: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      window: { type: 'string' },
      cores: { type: 'string' },
      daemon: { type: 'string' },
      chart: { type: 'string' },
      from: { type: 'string' },
      dnsperf: { type: 'boolean' },
      json: { type: 'boolean' },
      markdown: { type: 'boolean' },
      help: { type: 'boolean' },
      'churn-daemon': { type: 'string' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  if (values['churn-daemon'] !== undefined) {
    await churnDaemon(values['churn-daemon'], values.daemon ?? '');
    return 0;
  }
  const result =
    values.from === undefined
      ? await run(readOptions(values))
      : (JSON.parse(readFileSync(values.from, 'utf8')) as BenchResult);
  if (values.chart !== undefined) writeFileSync(values.chart, chart(result));
  if (values.json) console.log(JSON.stringify(result));
  else if (values.markdown) console.log(markdown(result));
  else {
    const tables = Object.entries(result.scenarios).map(([key, scenario]) => table(key, scenario));
    console.log(`${tables.join('\n\n')}\n\nmachine: ${result.machine}\nmethod: ${result.method}`);
  }
  return 0;
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(`bench:dns: ${error instanceof Error ? error.message : String(error)}`);
  return error instanceof UsageError ? 2 : 1;
});
