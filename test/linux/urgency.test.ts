import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Urgency } from '../../src/linux/urgency.js';

/** `work(every, part, until)`: pieces of work, of which each takes a part of the time between two. */
function urgency(): {
  readonly nice: number[];
  readonly work: (every: number, part: number, until: number) => void;
} {
  const nice: number[] = [];
  let [now, spent] = [0, 0];
  const urgent = new Urgency({
    apply: (each) => nice.push(each),
    now: () => now,
    spent: () => {
      const since = spent;
      spent = 0;
      return since;
    },
  });
  const work = (every: number, part: number, until: number): void => {
    while (now < until) {
      now += every;
      spent += every * part;
      urgent.look();
    }
  };
  return { nice, work };
}

describe('the urgency of a thread that somebody waits for', () => {
  it('is the highest from its start, and as long as the thread waits now and then', () => {
    const { nice, work } = urgency();
    work(0.1, 0.2, 1000);
    work(0.1, 0.85, 3000);
    expect(nice).toEqual([-20]);
  });

  it('is lower within 200 ms of a flood, and high again when that is over', () => {
    const { nice, work } = urgency();
    work(50, 0.001, 5000);
    work(0.1, 0.99, 5210);
    expect(nice).toEqual([-20, -5]);
    work(1, 0.3, 5500);
    expect(nice).toEqual([-20, -5, -20]);
  });

  it('does not go to and fro between the two marks', () => {
    const { nice, work } = urgency();
    work(0.5, 0.95, 1000);
    work(0.5, 0.65, 5000);
    work(0.5, 0.85, 10_000);
    expect(nice).toEqual([-20, -5]);
  });

  it('bears with a short time in which there is much to do', () => {
    const { nice, work } = urgency();
    for (let at = 1000; at < 5000; at += 200) {
      work(0.5, 0.6, at);
      work(0.5, 1, at + 60);
    }
    expect(nice).toEqual([-20]);
  });

  it('never stays the highest while the thread does not wait', () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    const every = fc.double({ min: 0.01, max: 5, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(every, part)), (before) => {
        const { nice, work } = urgency();
        let until = 0;
        for (const [each, busy] of before) work(each, busy, (until += 50));
        work(0.2, 1, until + 300);
        expect(nice.at(-1)).toBe(-5);
      }),
    );
  });
});
