import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Urgency } from '../../src/linux/urgency.js';

interface Work {
  /** ms between two pieces of it. */
  readonly every: number;
  /** The part of the time that it takes. */
  readonly part: number;
  /** How often the thread waits before each piece. */
  readonly waits?: number;
}

/** What becomes of a thread; `work(…, until)` in ms. */
function urgency(): {
  readonly states: string[];
  readonly work: (work: Work, until: number) => void;
} {
  const states: string[] = [];
  let [now, cpuMs, waited] = [0, 0, 0];
  const urgent = new Urgency({
    apply: (isBusy) => states.push(isBusy ? 'busy' : 'urgent'),
    now: () => now,
    usage: () => ({ cpuMs, waits: waited }),
  });
  const work = ({ every, part, waits = 1 }: Work, until: number): void => {
    while (now < until) {
      now += every;
      cpuMs += every * part;
      waited += waits;
      urgent.look();
    }
  };
  return { states, work };
}

describe('the urgency of a thread for which clients wait', () => {
  it('is the highest from its start, as long as the thread waits now and then', () => {
    const { states, work } = urgency();
    work({ every: 0.1, part: 0.2 }, 1000);
    work({ every: 0.1, part: 0.85 }, 3000);
    expect(states).toEqual(['urgent']);
  });

  it('is lower within 200 ms of a flood, and high again when that is over', () => {
    const { states, work } = urgency();
    work({ every: 50, part: 0.001 }, 5000);
    work({ every: 0.1, part: 0.99, waits: 0 }, 5210);
    expect(states).toEqual(['urgent', 'busy']);
    work({ every: 1, part: 0.3 }, 5500);
    expect(states).toEqual(['urgent', 'busy', 'urgent']);
  });

  it('is high again under load if the thread waits in between', () => {
    const { states, work } = urgency();
    work({ every: 0.1, part: 1, waits: 0 }, 1000);
    work({ every: 0.1, part: 0.75 }, 1250);
    expect(states).toEqual(['urgent', 'busy', 'urgent']);
  });

  it('stays low while the thread gets less than it wants because others use the core', () => {
    const { states, work } = urgency();
    work({ every: 0.1, part: 1, waits: 0 }, 1000);
    work({ every: 0.1, part: 0.65, waits: 0.01 }, 5000);
    expect(states).toEqual(['urgent', 'busy']);
  });

  it('does not oscillate between the thresholds', () => {
    const { states, work } = urgency();
    work({ every: 0.5, part: 0.95 }, 1000);
    work({ every: 0.5, part: 0.87 }, 10_000);
    expect(states).toEqual(['urgent', 'busy']);
  });

  it('tolerates a short period of high load', () => {
    const { states, work } = urgency();
    for (let at = 1000; at < 5000; at += 200) {
      work({ every: 0.5, part: 0.6 }, at);
      work({ every: 0.5, part: 1, waits: 0 }, at + 60);
    }
    expect(states).toEqual(['urgent']);
  });

  it('never stays the highest while the thread does not wait', () => {
    const part = fc.double({ min: 0, max: 1, noNaN: true });
    const every = fc.double({ min: 0.01, max: 5, noNaN: true });
    const waits = fc.nat(3);
    fc.assert(
      fc.property(fc.array(fc.record({ every, part, waits })), (before) => {
        const { states, work } = urgency();
        let until = 0;
        for (const each of before) work(each, (until += 50));
        work({ every: 0.2, part: 1, waits: 0 }, until + 300);
        expect(states.at(-1)).toBe('busy');
      }),
    );
  });
});
