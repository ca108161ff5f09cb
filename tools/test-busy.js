// Proves that `npm test` passes on a busy machine: runs it again and again beside processes that do nothing but spin.
//   node tools/test-busy.js [--runs 20] [--spinners 3] [-- further arguments for vitest]
// It prints a line for each run, and at the end which runs failed and which tests. Exit code 1 when any did.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

/** A run that takes longer than this has failed. */
const MOST_MS = 20 * 60_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '20' },
    spinners: { type: 'string', default: '3' },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'fairlead-busy-'));
const spinners = Array.from({ length: Number(values.spinners) }, () =>
  spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }),
);
const failed = [];
let running;

function cleanUp() {
  for (const child of [...spinners, ...(running ? [running] : [])]) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
for (const signal of ['SIGINT', 'SIGTERM'])
  process.once(signal, () => {
    cleanUp();
    process.exit(1);
  });

/** Resolves with the exit code; -1 when it was stopped. */
function runTests(report) {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', ...positionals];
  running = spawn(process.execPath, [...vitest, '--reporter=json', `--outputFile=${report}`], {
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  return new Promise((resolve) => {
    const timer = setTimeout(() => running.kill('SIGKILL'), MOST_MS);
    running.once('exit', (code) => {
      clearTimeout(timer);
      running = undefined;
      resolve(code ?? -1);
    });
  });
}

function failures(report) {
  try {
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
    return testResults.flatMap(({ name, status, message, assertionResults }) => {
      const tests = assertionResults.filter((each) => each.status === 'failed');
      if (tests.length > 0)
        return tests.map(
          (each) => `${name}: ${each.fullName}\n    ${each.failureMessages[0]?.split('\n')[0]}`,
        );
      return status === 'failed' ? [`${name}: ${message}`] : [];
    });
  } catch {
    return ['no report: the run crashed, or was stopped after 20 minutes'];
  }
}

try {
  for (let run = 1; run <= Number(values.runs); run++) {
    const report = join(folder, `${run}.json`);
    const started = performance.now();
    const code = await runTests(report);
    const seconds = Math.round((performance.now() - started) / 1000);
    console.log(`run ${run} of ${values.runs}: ${code === 0 ? 'passed' : 'FAILED'} in ${seconds} s`);
    if (code === 0) continue;
    failed.push(run);
    for (const failure of failures(report)) console.log(`  ${failure}`);
  }
  console.log(failed.length === 0 ? 'every run passed' : `failed: ${failed.join(', ')}`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} finally {
  cleanUp();
}
