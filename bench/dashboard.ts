/**
 * `npm run bench:dashboard [-- --json]`: the dashboard in Chromium with 1,000 services and 10,000 tasks, and what those
 * who look cost the daemon.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launchBrowser } from '../test/e2e/support/browser.js';
import { startDaemon, SERVICES, TASKS } from './dashboard/daemon.js';
import { memory } from './dashboard/memory.js';
import { firstLoad, firstLoadBytes, scrollAndFilter, toThePixel } from './dashboard/pages.js';
import { queriesWatched } from './dashboard/queries-watched.js';
import { streamClients } from './dashboard/stream-clients.js';
import { churnDaemon } from './dns/churn-daemon.js';
import { createGenerator } from './dns/generator.js';
import { stopAll } from './dns/processes.js';
import { bar, median, round, type Bar } from './dns/summary.js';
import { createWorkshop } from './dns/workshop.js';
import { percentile } from './support/percentile.js';

/** This runs as one file in node_modules/.cache/fairlead-bench (run.js). */
const root = fileURLToPath(new URL('../../..', import.meta.url));
const PARTS = ['page', 'stream', 'dns', 'memory'] as const;
const LOADS = 5;
const STREAM_MS = 10_000;

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    /** Some of the parts, with commas between. */
    only: { type: 'string', default: PARTS.join() },
    changes: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    daemon: { type: 'string', default: join(root, 'dist/main.js') },
    /** A build to compare with: that of the commit before there was a dashboard. */
    before: { type: 'string' },
    'churn-daemon': { type: 'string' },
  },
});

interface Part {
  readonly figures: object;
  readonly bars: readonly Bar[];
}

async function page(main: string): Promise<Part> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-bench-'));
  const daemon = await startDaemon(main, dir);
  const browser = await launchBrowser();
  try {
    const loads: number[] = [];
    for (let time = 0; time < LOADS; time++) loads.push(await firstLoad(browser, daemon.url));
    const bytes = await firstLoadBytes(browser, daemon);
    const latencies = await toThePixel(browser, daemon, Number(values.changes));
    const longest = await scrollAndFilter(browser, daemon.url);
    const figures = {
      services: SERVICES,
      tasks: TASKS,
      loadBytes: bytes,
      usableMs: round(median(loads)),
      scriptGzipBytes: scriptBytes(main),
      pixelMs: { p50: percentile(latencies, 50), p99: percentile(latencies, 99), changes: latencies.length },
      longestTaskMs: round(longest.task),
      longestScriptMs: round(longest.script),
      longestScript: longest.what,
      longestScriptCpuMs: round(longest.scriptCpu),
    };
    const bars = [
      bar('an event to the pixel, p99, ms', figures.pixelMs.p99, 150),
      bar('first load, KB', round(figures.loadBytes / 1000), 500),
      bar('until it can be used, s', round(figures.usableMs / 1000, 2), 1.5),
      bar('scripts, gzip, KB', round(figures.scriptGzipBytes / 1000), 120),
      bar('scrolling and filtering, longest script, ms', figures.longestScriptMs, 50),
    ];
    return { figures, bars };
  } finally {
    await browser.close();
    await daemon.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

function scriptBytes(main: string): number {
  const folder = join(main, '../dashboard');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.js.gz'))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** What those who look cost the daemon. */
async function costs(main: string, parts: readonly string[]): Promise<Part[]> {
  const workshop = createWorkshop(join(root, 'bench/dns'));
  const [rounds, before] = [Number(values.rounds), values.before ?? main];
  const found: Part[] = [];
  try {
    const generator = createGenerator(workshop.compile('load.c'), 1);
    if (parts.includes('stream')) {
      const stream = await streamClients(workshop, main, STREAM_MS);
      const bars = [
        bar('200 clients, 100 changes a second, % of a core', round(stream.core * 100), 20),
        bar('200 clients, 100 changes a second, gaps', stream.gaps, 0),
      ];
      found.push({ figures: { stream }, bars });
    }
    if (parts.includes('dns')) {
      const queries = await queriesWatched({ workshop, generator, main, before, rounds, seconds: 3 });
      const bars = [
        bar('CPU time of a query, no one looks / before', queries.unwatchedToBefore, 1),
        bar('CPU time of a query, a log page open / no one looks', queries.watchedToUnwatched, 1.05),
      ];
      found.push({ figures: { queries }, bars });
    }
    if (parts.includes('memory')) {
      const resident = await memory({ workshop, generator, main, before, rounds });
      found.push({
        figures: { resident },
        bars: [bar('resident memory with everything on, MB more', resident.more, 25)],
      });
    }
    return found;
  } finally {
    stopAll();
    workshop.clear();
  }
}

async function bench(): Promise<void> {
  const main = values.daemon;
  const parts = values.only.split(',');
  const found: Part[] = [];
  if (parts.includes('page')) found.push(await page(main));
  if (parts.some((part) => part !== 'page')) found.push(...(await costs(main, parts)));
  const bars = found.flatMap((part) => part.bars);
  const figures = Object.assign({}, ...found.map((part) => part.figures)) as object;
  if (values.json) console.log(JSON.stringify({ ...figures, bars }, undefined, 2));
  else for (const each of bars) console.log(JSON.stringify(each));
}

if (values['churn-daemon'] === undefined) await bench();
else await churnDaemon(values['churn-daemon'], values.daemon);
