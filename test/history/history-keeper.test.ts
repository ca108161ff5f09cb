import { expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { HistoryKeeper, type HistoryStore } from '../../src/history/history-keeper.js';
import { HeldTimers } from '../support/held-timers.js';
import { recordedLog } from '../support/recorded-log.js';

class FakeFile implements HistoryStore {
  content: Uint8Array | undefined;
  saves = 0;
  fault: Error | undefined;

  load(): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.content);
  }

  save(pieces: Iterable<string | Uint8Array>): Promise<void> {
    if (this.fault) return Promise.reject(this.fault);
    this.content = Buffer.concat([...pieces].map((piece) => Buffer.from(piece)));
    this.saves += 1;
    return Promise.resolve();
  }
}

/** In the middle of a step, where readings are made. */
const T0 = Date.UTC(2026, 10, 21) + 2500;

function started(store: FakeFile) {
  const timers = new HeldTimers();
  const log = recordedLog();
  const counted = { queries: 0, reads: 0 };
  const { snapshot } = new Catalog();
  const keeper = new HistoryKeeper({
    store,
    read: () => {
      counted.reads += 1;
      const times = { bounds: [1], counts: [0, 0] };
      return Promise.resolve({
        snapshot,
        counters: { queries: { A: counted.queries }, replies: {}, times, renders: 0 },
        ports: [],
      });
    },
    log,
    timers,
    clock: () => T0 + timers.now(),
  });
  const values = (last: number): readonly (number | null)[] => {
    const [series] = [
      ...keeper.read({ range: '1h', kind: 'daemon', figure: 'queries', last, fits: () => true }).series,
    ];
    return series?.values ?? [];
  };
  /** Lets steps go by, each with so many queries. */
  const step = async (...queries: number[]): Promise<void> => {
    for (const count of queries) {
      counted.queries += count;
      const { reads } = counted;
      timers.advance(5000);
      await expect.poll(() => counted.reads).toBe(reads + 1);
      await expect.poll(() => timers.waiting).toBe(1);
    }
  };
  return { keeper, timers, log, values, step, counted };
}

it('reads once in each step, keeps what it has over a restart, and goes on behind the gap', async () => {
  const file = new FakeFile();
  const { keeper, step, values } = started(file);
  await keeper.start();
  await step(0, 10, 20);
  await keeper.stop();
  expect(values(3)).toEqual([null, 2, 4]);
  expect(file.saves).toBe(1);

  const next = started(file);
  await next.keeper.start();
  expect(next.values(3)).toEqual([null, 2, 4]);
  await next.keeper.stop();
  // A second end changes nothing, such as that of a daemon whose successor has the directory.
  const { content } = file;
  await next.keeper.stop();
  expect(file.content).toBe(content);
});

it('saves every five minutes, and says so when it cannot', async () => {
  const file = new FakeFile();
  const { keeper, step, log } = started(file);
  await keeper.start();
  await step(...Array.from({ length: 61 }, () => 1));
  await expect.poll(() => file.saves).toBe(1);
  file.fault = new Error('disk full');
  await keeper.stop();
  expect(log.lines.at(-1)).toMatch(/the history cannot be saved; .*disk full/);
});

it('begins again when the file cannot be used', async () => {
  const file = new FakeFile();
  file.content = Buffer.from('junk');
  const { keeper, step, values, log } = started(file);
  await keeper.start();
  expect(log.lines[0]).toMatch(/the history that was saved cannot be used/);
  await step(0, 5);
  await keeper.stop();
  expect(values(1)).toEqual([1]);
});
