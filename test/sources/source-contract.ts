import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Source } from '../../src/catalog/facts.js';
import { MemorySink } from './docker/memory-sink.js';

/** What a source reads, as the contract sees it: tasks with one address each, which a test changes. */
export interface SourceWorld {
  /** A source of this world that is not started. */
  create(): Source;
  /** Makes the world have these tasks, by name, and no others. Resolves when it has. */
  have(tasks: Readonly<Record<string, string>>): Promise<void> | void;
  /** From now on nothing can be read. */
  away(): Promise<void> | void;
  /** The world can be read again. */
  back(): Promise<void> | void;
  /** Adds what no source can use, beside the tasks that are there. */
  spoil(): Promise<void> | void;
  /** Whether the source has told all that it finds out about the tasks; the sink having them is enough by default. */
  isSettled?(sink: MemorySink): boolean;
  close(): Promise<void> | void;
}

/** Resources of the process that a source must give back: timers, watches, sockets. */
function held(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/Timeout|FSEvent|Pipe|TCPSocket/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

/** Resolves when the process holds no more than before; the runner's time limit ends it otherwise. */
async function untilGivenBack(before: Readonly<Record<string, number>>): Promise<void> {
  while (Object.entries(held()).some(([kind, count]) => count > (before[kind] ?? 0))) await turn();
}

/** What every source does, whatever it reads. */
export function describeSource(name: string, open: () => Promise<SourceWorld>): void {
  describe(`the contract of sources: ${name}`, () => {
    let world: SourceWorld;
    let sink: MemorySink;
    let started: Source[];

    beforeEach(async () => {
      world = await open();
      sink = new MemorySink();
      started = [];
    });
    afterEach(async () => {
      for (const source of started) await source.stop();
      await world.close();
    });

    const start = async (into = sink) => {
      const source = world.create();
      started.push(source);
      await source.start(into);
      return source;
    };
    const names = (of = sink) =>
      [...of.tasks.values()]
        .filter((task) => /^[a-z]\d*$/.test(task.name))
        .map((task) => `${task.name} ${task.endpoints.map(({ ip }) => ip).join()}`)
        .sort();
    const shows = (...expected: string[]) =>
      sink.until(() => JSON.stringify(names()) === JSON.stringify(expected));

    it('start resolves when everything present was reported', async () => {
      await world.have({ a: '10.1.0.1', b: '10.1.0.2' });
      const source = await start();
      await shows('a 10.1.0.1', 'b 10.1.0.2');
      await sink.until(() => sink.state === 'live');
      expect(source.failures).toBe(0);
    });

    it('start resolves when there is nothing to read, and says why in one line', async () => {
      await world.away();
      const source = await start();
      expect(source.failures).toBeGreaterThan(0);
      const status = sink.statuses.at(-1);
      expect(status).toMatchObject({ state: 'loading', error: expect.stringMatching(/^[^\n]+$/) as string });
      expect(sink.tasks.size).toBe(0);
    });

    it('finds what appears later', async () => {
      await world.have({ a: '10.1.0.1' });
      await world.away();
      await start();
      await world.back();
      await shows('a 10.1.0.1');
      await sink.until(() => sink.state === 'live');
    });

    it('keeps the last facts while there is nothing to read, and says how old they are', async () => {
      await world.have({ a: '10.1.0.1' });
      await start();
      await sink.until(() => sink.state === 'live');
      await world.away();
      await sink.until(() => sink.state === 'stale');
      expect(sink.statuses.at(-1)).toMatchObject({
        asOf: expect.any(Number) as number,
        error: expect.stringMatching(/^[^\n]+$/) as string,
      });
      expect(names()).toEqual(['a 10.1.0.1']);
      await world.have({ b: '10.1.0.2' });
      await world.back();
      await shows('b 10.1.0.2');
      await sink.until(() => sink.state === 'live');
    });

    it('reports by single changes what a source that starts now reports at once', async () => {
      await world.have({ a: '10.1.0.1' });
      await start();
      for (const tasks of [
        { a: '10.1.0.1', b: '10.1.0.2' },
        { a: '10.1.0.9', b: '10.1.0.2', c: '10.1.0.3' },
        { b: '10.1.0.2', c: '10.1.0.3' },
      ]) {
        await world.have(tasks);
        await shows(...Object.entries(tasks).map((each) => each.join(' ')));
      }
      const fresh = new MemorySink();
      await start(fresh);
      await fresh.until(() => fresh.state === 'live' && names(fresh).length === 2);
      expect(sink.contents).toEqual(fresh.contents);
    });

    it('reports a change of one task as a change of one task', async () => {
      const many = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`t${at}`, `10.1.1.${at + 1}`]));
      await world.have(many);
      await start();
      await sink.until(
        () => names().length === 50 && sink.state === 'live' && (world.isSettled?.(sink) ?? true),
      );
      const replaced = sink.replaced;
      const updates = sink.updates.length;
      await world.have({ ...many, t7: '10.1.2.7' });
      await sink.until(() => names().includes('t7 10.1.2.7'));
      expect(sink.replaced).toBe(replaced);
      const touched = sink.updates
        .slice(updates)
        .flatMap((each) => (each.tasks ?? []).map((task) => task.name));
      expect(new Set(touched)).toEqual(new Set(['t7']));
    });

    it('ignores what it cannot use, without failing', async () => {
      await world.have({ a: '10.1.0.1' });
      await start();
      await shows('a 10.1.0.1');
      await world.spoil();
      await world.have({ a: '10.1.0.1', b: '10.1.0.2' });
      await shows('a 10.1.0.1', 'b 10.1.0.2');
    });

    it('stop ends every timer, watch and socket, and nothing is reported afterwards', async () => {
      await world.have({ a: '10.1.0.1' });
      const before = held();
      const source = await start();
      await sink.until(() => sink.state === 'live');
      await source.stop();
      const told = [sink.statuses.length, sink.updates.length, sink.replaced];
      await untilGivenBack(before);
      await world.have({ b: '10.1.0.2' });
      await source.stop();
      expect([sink.statuses.length, sink.updates.length, sink.replaced]).toEqual(told);
    });

    it('stop works while there is nothing to read', async () => {
      await world.away();
      const before = held();
      const source = await start();
      await source.stop();
      await untilGivenBack(before);
    });
  });
}
