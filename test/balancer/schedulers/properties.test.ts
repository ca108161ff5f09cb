import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCHEDULERS, type SchedulerName } from '../../../src/net/balancing.js';
import { createScheduler } from '../../../src/balancer/schedulers/all-schedulers.js';
import { withAffinity } from '../../../src/balancer/schedulers/affinity.js';
import type { Destination, Scheduler } from '../../../src/balancer/schedulers/scheduler.js';
import { slotTargets } from '../../../src/balancer/schedulers/slot-targets.js';
import { destination, flowFrom, seededRandom } from './support.js';

const destinations = fc.uniqueArray(
  fc.record({
    id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    weight: fc.constantFrom(0, 1, 1, 2, 7, 65_535),
    active: fc.nat({ max: 4 }),
    inactive: fc.nat({ max: 600 }),
    upper: fc.constantFrom(0, 0, 1, 3),
  }),
  { selector: ({ id }) => id, maxLength: 6 },
);

const steps = fc.array(
  fc.oneof(
    { weight: 1, arbitrary: fc.record({ update: destinations }) },
    {
      weight: 4,
      arbitrary: fc.record({
        client: fc.nat({ max: 8 }),
        exclude: fc.subarray(['a', 'b', 'c', 'd', 'e', 'f'], { maxLength: 4 }),
        stays: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ pass: fc.nat({ max: 40_000 }) }) },
  ),
  { maxLength: 40 },
);

type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** Plays the steps and returns the ids picked; `check` sees every pick with what was known then. */
function play(
  name: SchedulerName,
  script: Steps,
  hasAffinity: boolean,
  check: (picked: Destination | undefined, all: readonly Destination[], exclude: ReadonlySet<string>) => void,
): (string | undefined)[] {
  let clock = 0;
  const now = () => clock;
  const bare = createScheduler(name, { random: seededRandom(5), seed: 5, now });
  const scheduler: Scheduler = hasAffinity ? withAffinity(bare, { timeout: 30, max: 4, now }) : bare;
  let all: Destination[] = [];
  const ids: (string | undefined)[] = [];
  for (const step of script) {
    if ('update' in step) {
      all = step.update.map(({ id, ...settings }) => destination(id, settings));
      scheduler.update(all);
    } else if ('pass' in step) {
      clock += step.pass;
    } else {
      const exclude = new Set(step.exclude);
      const picked = scheduler.pick(flowFrom(step.client), exclude);
      check(picked, all, exclude);
      if (picked !== undefined && step.stays) picked.active += 1;
      ids.push(picked?.id);
    }
  }
  return ids;
}

const takes = (each: Destination, exclude: ReadonlySet<string>): boolean =>
  each.weight > 0 && (each.upper === 0 || each.active < each.upper) && !exclude.has(each.id);

describe.each(SCHEDULERS)('%s', (name) => {
  it('never picks one that is quiesced, over its threshold or already tried, and picks one if there is any', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (script, hasAffinity) => {
        play(name, script, hasAffinity, (picked, all, exclude) => {
          if (picked !== undefined) {
            expect(all).toContain(picked);
            expect(takes(picked, exclude)).toBe(true);
          } else {
            // ovf alone refuses flows while somebody could take them.
            const able = all.filter(
              (each) => takes(each, exclude) && (name !== 'ovf' || each.active <= each.weight),
            );
            expect(able).toEqual([]);
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('picks the same for the same seed, clock and history', () => {
    fc.assert(
      fc.property(steps, fc.boolean(), (script, hasAffinity) => {
        const nothing = () => undefined;
        expect(play(name, script, hasAffinity, nothing)).toEqual(play(name, script, hasAffinity, nothing));
      }),
      { numRuns: 20 },
    );
  });
});

describe('slot targets', () => {
  const SLOTS = 4096;
  const holders = fc.array(
    fc.record({ weight: fc.nat({ max: 65_535 }), has: fc.nat({ max: 200 }), asks: fc.boolean() }),
    { minLength: 1, maxLength: 20 },
  );

  it('add up, and follow the weights within one slot when any destination asks', () => {
    fc.assert(
      fc.property(holders, (all) => {
        const targets = slotTargets(SLOTS, all);
        const total = all.reduce((sum, { weight }) => sum + weight, 0);
        fc.pre(total > 0);
        expect(targets.reduce((sum, target) => sum + target, 0)).toBe(SLOTS);
        const idle = all.reduce((sum, { weight }, at) => sum + (weight === 0 ? (targets[at] ?? 0) : 0), 0);
        all.forEach(({ weight, has, asks }, at) => {
          const target = targets[at] ?? 0;
          if (weight === 0) expect(target).toBeLessThanOrEqual(has);
          else if (asks) expect(Math.abs(target - ((SLOTS - idle) * weight) / total)).toBeLessThan(1);
        });
      }),
    );
  });

  it('take nothing from remaining destinations while none asks', () => {
    fc.assert(
      fc.property(holders, (all) => {
        const calm = all.map((holder) => ({ ...holder, asks: false }));
        slotTargets(SLOTS, calm).forEach((target, at) => {
          const { weight = 0, has = 0 } = calm[at] ?? {};
          if (weight > 0) expect(target).toBeGreaterThanOrEqual(has);
        });
      }),
    );
  });
});
