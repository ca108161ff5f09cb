import { parseArgs } from 'node:util';
import { formatCase, TARGETS } from './fuzz-case.js';
import { fuzz, type FuzzReport } from './run.js';

const USAGE = `Feeds generated and mutated DNS packets to Fairlead's code, in this process, and holds what comes out to the rules.

  npm run fuzz:dns -- [options]

  --packets N    how many, 1000000 by default
  --seconds T    ends earlier, after this time
  --seed S       a number; a random one by default. The same seed gives the same packets
  --target NAME  query (a client's packet), decode (any octets), upstream (an upstream's reply); all by default
  -o json        a summary as one JSON object on standard output
  --help

Exit codes: 0 all rules held; 1 a rule was broken: the packet is printed as a file for test/fuzz/corpus; 2 usage.
`;

/** A packet that takes longer is a failure: the slowest honest one, five thousand addresses over TCP, needs a tenth. */
const SLOW_MS = 1000;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      packets: { type: 'string', default: '1000000' },
      seconds: { type: 'string', default: 'Infinity' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
      target: { type: 'string', multiple: true, default: [...TARGETS] },
      output: { type: 'string', short: 'o', default: 'text' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [packets, seconds, seed] = [Number(values.packets), Number(values.seconds), Number(values.seed)];
  const targets = TARGETS.filter((name) => values.target.includes(name));
  const isUsable = [packets, seconds].every((number) => number > 0) && Number.isInteger(seed);
  if (!isUsable || targets.length < values.target.length || !['text', 'json'].includes(values.output)) {
    console.error(USAGE);
    return 2;
  }
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  let told = 0;
  const report = await fuzz({
    seed,
    packets,
    targets,
    slowMs: SLOW_MS,
    isOver: () => elapsed() > seconds,
    onProgress(done) {
      if (elapsed() < told + 5) return;
      told = elapsed();
      console.error(`${done} packets, ${Math.round(done / told)}/s`);
    },
  });
  const perSecond = Math.round(report.packets / elapsed());
  if (values.output === 'json') console.log(JSON.stringify(summary(report, seed, perSecond)));
  else print(report, seed, perSecond);
  return report.failure ? 1 : 0;
}

function summary(report: FuzzReport, seed: number, packetsPerSecond: number): unknown {
  const { failure, ...rest } = report;
  const told = failure && {
    rule: failure.violation.rule,
    detail: failure.violation.detail,
    index: failure.index,
    packet: formatCase(failure.fuzzCase),
    minimised: formatCase(failure.minimised),
  };
  return { seed, ...rest, packetsPerSecond, failure: told ?? null };
}

function print({ packets, outcomes, faults, failure }: FuzzReport, seed: number, perSecond: number): void {
  for (const [target, counts] of Object.entries(outcomes)) {
    const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
    console.log(`${target}: ${sorted.map(([outcome, count]) => `${outcome} ${count}`).join(', ')}`);
  }
  console.log(
    `seed ${seed}: ${packets} packets, ${perSecond}/s, ${faults} faults, ${failure ? 1 : 0} rules broken`,
  );
  if (!failure) return;
  const { index, violation, fuzzCase, minimised } = failure;
  console.log(`\nPacket ${index} of seed ${seed} breaks the rule "${violation.rule}": ${violation.detail}`);
  console.log(
    `\n${formatCase(fuzzCase)}\nminimised to ${minimised.packet.length} octets:\n\n${formatCase(minimised)}`,
  );
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});
