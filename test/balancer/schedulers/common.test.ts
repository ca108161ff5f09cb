import { describe, expect, it } from 'vitest';
import { SCHEDULERS } from '../../../src/net/balancing.js';
import { withAffinity } from '../../../src/balancer/schedulers/affinity.js';
import type { Destination, Scheduler } from '../../../src/balancer/schedulers/scheduler.js';
import { FLOW, destination, fill, flowFrom, run, schedulerWith, weighted } from './support.js';

interface Case {
  readonly rule: string;
  readonly destinations: readonly Destination[];
  readonly exclude?: readonly string[];
  /** The ids that may be picked; none: no flow is taken. */
  readonly allowed: readonly string[];
}

const a = (settings: Partial<Destination> = {}) => destination('a', settings);
const b = (settings: Partial<Destination> = {}) => destination('b', settings);
const c = (settings: Partial<Destination> = {}) => destination('c', settings);

const CASES: readonly Case[] = [
  { rule: 'no destination', destinations: [], allowed: [] },
  { rule: 'the only destination', destinations: [a()], allowed: ['a'] },
  { rule: 'the greatest weight', destinations: [a({ weight: 65_535 })], allowed: ['a'] },
  { rule: 'the only one, quiesced', destinations: [a({ weight: 0 })], allowed: [] },
  { rule: 'all quiesced', destinations: [a({ weight: 0 }), b({ weight: 0 })], allowed: [] },
  { rule: 'one quiesced', destinations: [a({ weight: 0 }), b(), c()], allowed: ['b', 'c'] },
  { rule: 'all but one quiesced', destinations: [a({ weight: 0 }), b(), c({ weight: 0 })], allowed: ['b'] },
  { rule: 'a weight that is no number', destinations: [a({ weight: NaN }), b()], allowed: ['b'] },
  { rule: 'below its threshold', destinations: [a({ upper: 3, active: 1, weight: 3 })], allowed: ['a'] },
  { rule: 'at its threshold', destinations: [a({ upper: 2, active: 2, weight: 9 }), b()], allowed: ['b'] },
  { rule: 'over its threshold', destinations: [a(), b({ upper: 2, active: 3, weight: 9 })], allowed: ['a'] },
  {
    rule: 'all at their thresholds',
    destinations: [a({ upper: 1, active: 1 }), b({ upper: 1, active: 1 })],
    allowed: [],
  },
  { rule: 'closing connections do not fill', destinations: [a({ upper: 1, inactive: 5 })], allowed: ['a'] },
  { rule: 'one tried already', destinations: [a(), b()], exclude: ['a'], allowed: ['b'] },
  { rule: 'the last tried already', destinations: [a(), b()], exclude: ['b'], allowed: ['a'] },
  { rule: 'all tried already', destinations: [a(), b()], exclude: ['a', 'b'], allowed: [] },
  { rule: 'unknown ids tried', destinations: [a()], exclude: ['z'], allowed: ['a'] },
  {
    rule: 'quiesced, full and tried at once',
    destinations: [a({ weight: 0 }), b({ upper: 1, active: 1 }), c(), destination('d')],
    exclude: ['c'],
    allowed: ['d'],
  },
];

const MAKERS: readonly [string, (destinations: readonly Destination[]) => Scheduler][] = [
  ...SCHEDULERS.map(
    (name) =>
      [name, (destinations: readonly Destination[]) => schedulerWith(name, destinations)] satisfies [
        string,
        unknown,
      ],
  ),
  [
    'rr with affinity',
    (destinations) => {
      const scheduler = withAffinity(schedulerWith('rr', []), { timeout: 60, max: 100, now: () => 0 });
      scheduler.update(destinations);
      return scheduler;
    },
  ],
];

describe.each(MAKERS)('%s', (_name, make) => {
  it.each(CASES)('$rule: $allowed', ({ destinations, exclude, allowed }) => {
    const scheduler = make(destinations);
    const tried = exclude === undefined ? undefined : new Set(exclude);
    for (let pick = 0; pick < 30; pick++) {
      const picked = scheduler.pick(flowFrom(pick), tried);
      if (allowed.length === 0) expect(picked).toBeUndefined();
      else expect(allowed).toContain(picked?.id);
    }
  });

  it('picks nothing before its first update', () => {
    expect(make([]).pick(FLOW)).toBeUndefined();
  });

  it('uses the counts and weights at the time of the pick', () => {
    const [first, second] = [a({ upper: 1 }), b()];
    const scheduler = make([first, second]);
    first.active = 1;
    expect(new Set(run(scheduler, 20))).toEqual(new Set(['b']));
    first.active = 0;
    second.weight = 0;
    expect(new Set(run(scheduler, 20))).toEqual(new Set(['a']));
  });

  it('returns the destination objects of the last update', () => {
    const scheduler = make([a(), b()]);
    run(scheduler, 5);
    const fresh = [a(), b()];
    scheduler.update(fresh);
    expect(fresh).toContain(scheduler.pick(FLOW));
  });

  it('forgets removed destinations, and finds new ones', () => {
    const scheduler = make([a(), b()]);
    run(scheduler, 5);
    scheduler.update([c()]);
    expect(run(scheduler, 5)).toEqual(['c', 'c', 'c', 'c', 'c']);
    scheduler.update([]);
    expect(scheduler.pick(FLOW)).toBeUndefined();
  });

  it('shares no state with another of its kind', () => {
    const alone = run(make(weighted(3, 2, 1)), 40);
    const [one, other] = [make(weighted(3, 2, 1)), make(weighted(3, 2, 1))];
    const interleaved = Array.from({ length: 40 }, (_, pick) => {
      other.pick(flowFrom(pick + 7));
      other.update(weighted(1, pick % 3, 1));
      return one.pick(flowFrom(pick))?.id;
    });
    expect(interleaved).toEqual(alone);
  });

  it('continues as before when an update changes nothing', () => {
    const undisturbed = fill(make(weighted(3, 2, 1)), 40);
    const destinations = weighted(3, 2, 1);
    const scheduler = make(destinations);
    const updated = Array.from({ length: 40 }, (_, pick) => {
      scheduler.update(destinations);
      return fill(scheduler, 1, () => flowFrom(pick))[0];
    });
    expect(updated).toEqual(undisturbed);
  });
});
