import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Urgency } from '../../src/linux/urgency.js';

function urgency(): {
  readonly nice: number[];
  readonly work: (every: number, part: number, until: number) => void;
} {
  const nice: number[] = [];
  let now = 0;
  const urgent = new Urgency((each) => nice.push(each), now);
  const work = (every: number, part: number, until: number): void => {
    for (; now < until; now += every) urgent.worked(every * part, now + every);
  };
  return { nice, work };
}

describe('the urgency of a thread that answers', () => {
  it('is the highest from its start, and while it mostly waits', () => {
    const { nice, work } = urgency();
    work(0.1, 0.2, 1000);
    expect(nice).toEqual([-20]);
  });

  it('is ordinary within 20 ms of a flood, and high again when that is over', () => {
    const { nice, work } = urgency();
    work(500, 0.001, 5000);
    work(0.1, 0.9, 5021);
    expect(nice).toEqual([-20, -5]);
    work(1, 0.05, 5100);
    expect(nice).toEqual([-20, -5, -20]);
  });

  it('does not go to and fro between the two marks', () => {
    const { nice, work } = urgency();
    work(0.5, 0.3, 100);
    work(0.5, 0.12, 500);
    work(0.5, 0.24, 1000);
    expect(nice).toEqual([-20, -5]);
  });

  it('never keeps the highest for 20 ms in which the thread has more than half of its core', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.double({ min: 0.01, max: 2, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
        ),
        (before) => {
          const { nice, work } = urgency();
          let until = 0;
          for (const [every, part] of before) work(every, part, (until += 5));
          work(0.2, 0.6, until + 25);
          expect(nice.at(-1)).toBe(-5);
        },
      ),
    );
  });
});
