import { setTimeout as sleep } from 'node:timers/promises';
import { requestOverSocket } from '../../test/e2e/support/http.js';
import type { Generator } from '../dns/generator.js';
import { memoryOf } from '../dns/processes.js';
import { queryFile } from '../dns/question.js';
import { median, round } from '../dns/summary.js';
import { writeInto, type Workshop } from '../dns/workshop.js';
import { SERVICES, startDaemon, type BoardDaemon } from './daemon.js';
import { openLogPage } from './log-page.js';

/** Resident, MB. */
export interface MemoryFigures {
  readonly off: number;
  readonly on: number;
  /** The median of the differences of each round. */
  readonly more: number;
}

export interface MemoryOptions {
  readonly workshop: Workshop;
  readonly generator: Generator;
  readonly main: string;
  /** The built `main.js` from before there was a dashboard. */
  readonly before: string;
  readonly rounds: number;
}

/** A second, to each of the two daemons. */
const QUERIES = 500;
/** The daemon collects what its start has left within ten. */
const SECONDS = 30;
const READINGS = 5;

/**
 * What a daemon with all services and tasks holds with everything on that people look at: a page with the DNS log,
 * scrapes, the history; beside one from before, or that no one looks at. Both answer the same queries at the same time.
 */
export async function memory(options: MemoryOptions): Promise<MemoryFigures> {
  const { workshop, rounds, main, before } = options;
  const pairs: { off: number; on: number }[] = [];
  for (let at = 0; at < rounds; at++) {
    const off = await startDaemon(before, workshop.room('off'));
    const on = await startDaemon(main, workshop.room('on'));
    const page = await openLogPage(on.socket);
    try {
      await Promise.all([ask(off, options), ask(on, options), look(on)]);
      pairs.push({ off: await resident(off), on: await resident(on) });
    } finally {
      await page.close();
      await Promise.all([off.stop(), on.stop()]);
    }
  }
  return {
    off: round(median(pairs.map(({ off }) => off))),
    on: round(median(pairs.map(({ on }) => on))),
    more: round(median(pairs.map(({ off, on }) => on - off))),
  };
}

async function ask({ dns }: BoardDaemon, { workshop, generator }: MemoryOptions): Promise<void> {
  const questions = Array.from({ length: SERVICES }, (_, service) => ({
    name: `service${service}.stack${Math.floor(service / 20)}.rancher.internal`,
    type: 'A' as const,
    edns: false,
    expected: [],
  }));
  const queries = writeInto(workshop.dir, `queries-${dns}`, queryFile(questions));
  await generator.load({ port: dns, queries, clients: 1 }, 'rate', QUERIES, SECONDS);
}

/** As a browser and Prometheus do. */
async function look({ socket }: BoardDaemon): Promise<void> {
  const over = performance.now() + SECONDS * 1000;
  await requestOverSocket(socket, 'GET', '/v1/state', 10_000);
  while (performance.now() < over) {
    for (const path of ['/metrics', '/v1/status', '/v1/history'])
      await requestOverSocket(socket, 'GET', path, 10_000);
    await sleep(5000);
  }
}

async function resident({ pid }: BoardDaemon): Promise<number> {
  const readings: number[] = [];
  for (let at = 0; at < READINGS; at++) {
    readings.push(memoryOf(pid).rss);
    await sleep(500);
  }
  return median(readings);
}
