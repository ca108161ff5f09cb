import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FactDelta, FactSink } from '../../src/catalog/facts.js';
import { PacedSink } from '../../src/sources/paced-sink.js';
import { Pace } from '../../src/runtime/pace.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A sink and all that reached it, in words; taking a change takes a time, in ms. */
function paced({ cost = 0, fails = '' }: { readonly cost?: number; readonly fails?: string } = {}) {
  const reached: string[] = [];
  const faults: string[] = [];
  const sink: FactSink = {
    replace: (_, cause = '') => reached.push(`replace ${cause}`),
    update: ({ cause = '' }) => {
      if (fails !== '' && cause === fails) throw new Error(`no ${cause}`);
      reached.push(cause);
      vi.advanceTimersByTime(cost);
    },
    status: ({ state }) => reached.push(state),
  };
  const own = new PacedSink(sink, new Pace(), (error) => faults.push(String(error)));
  return { sink: own, reached, faults };
}

const change = (cause: string): FactDelta => ({ cause });

describe('a paced sink', () => {
  it('applies a change in the event-loop turn in which it arrives', () => {
    const { sink, reached } = paced();
    expect(sink.heardAt).toBeUndefined();
    sink.update(change('a'));
    expect(sink.heardAt).toBeGreaterThan(0);
    expect(reached).toEqual([]);
    vi.advanceTimersByTime(0);
    expect(reached).toEqual(['a']);
  });

  it('combines changes that follow a burst, in order and within 50 ms', () => {
    const { sink, reached } = paced({ cost: 3 });
    for (const each of ['much', 'more']) {
      sink.update(change(each));
      sink.update(change(each));
      vi.advanceTimersByTime(1);
    }
    expect(reached).toEqual(['much', 'much', 'more', 'more']);
    sink.update(change('a'));
    vi.advanceTimersByTime(20);
    sink.update(change('b'));
    vi.advanceTimersByTime(20);
    expect(reached).toHaveLength(4);
    vi.advanceTimersByTime(12);
    expect(reached.slice(4)).toEqual(['a', 'b']);
  });

  it('has applied all earlier changes before any other call', () => {
    const { sink, reached } = paced();
    sink.update(change('a'));
    sink.replace({ tasks: [] }, 'b');
    sink.update(change('c'));
    sink.status({ state: 'live' });
    sink.update(change('d'));
    sink.close();
    expect(reached).toEqual(['a', 'replace b', 'c', 'live', 'd']);
    vi.advanceTimersByTime(1000);
    expect(reached).toHaveLength(5);
  });

  it('applies a flood in pieces, between which everything else has its turn', async () => {
    vi.useRealTimers();
    let clock = 0;
    const now = vi.spyOn(performance, 'now').mockImplementation(() => clock);
    let taken = 0;
    const update = (): void => {
      taken++;
      clock++;
    };
    const sink = new PacedSink({ replace: vi.fn(), update, status: vi.fn() }, new Pace(), vi.fn());
    for (let count = 0; count < 100; count++) sink.update(change(''));
    const pieces: number[] = [];
    for (let turn = 0; turn < 100 && taken < 100; turn++) {
      const before = taken;
      await new Promise((resolve) => setImmediate(resolve));
      pieces.push(taken - before);
    }
    now.mockRestore();
    expect(taken).toBe(100);
    expect(Math.max(...pieces)).toBe(5);
  });

  it('reports a change that cannot be applied, and applies the ones after it', () => {
    const { sink, reached, faults } = paced({ fails: 'b' });
    for (const each of ['a', 'b', 'c']) sink.update(change(each));
    vi.advanceTimersByTime(100);
    expect(reached).toEqual(['a', 'c']);
    expect(faults).toEqual(['Error: no b']);
  });

  it('loses nothing, duplicates nothing and keeps the order, whatever the timing', () => {
    const step = fc.record({
      what: fc.constantFrom('update', 'update', 'update', 'replace', 'status', 'flush'),
      wait: fc.constantFrom(0, 0, 0, 1, 20, 60),
      cost: fc.constantFrom(0, 0.2, 3, 8),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const [reached, told]: [string[], string[]] = [[], []];
        let cost = 0;
        const sink = new PacedSink(
          {
            replace: (_, cause = '') => reached.push(cause),
            update: ({ cause = '' }) => {
              reached.push(cause);
              vi.advanceTimersByTime(cost);
            },
            status: ({ detail = '' }) => reached.push(detail),
          },
          new Pace(),
          (error) => {
            throw error;
          },
        );
        for (const [at, each] of steps.entries()) {
          cost = each.cost;
          const name = `${each.what} ${at}`;
          if (each.what !== 'flush') told.push(name);
          if (each.what === 'update') sink.update(change(name));
          else if (each.what === 'replace') sink.replace({ tasks: [] }, name);
          else if (each.what === 'status') sink.status({ state: 'live', detail: name });
          else sink.flush();
          vi.advanceTimersByTime(each.wait);
        }
        sink.close();
        expect(reached).toEqual(told);
      }),
    );
  });
});
