import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withAffinity } from '../../../src/balancer/schedulers/affinity.js';
import { RecentMap } from '../../../src/balancer/schedulers/recent-map.js';
import { destination, flowFrom, run, schedulerWith, weighted } from './support.js';

function sticky({ timeout = 60, max = 100 } = {}) {
  const clock = { ms: 0 };
  const scheduler = withAffinity(schedulerWith('rr', []), { timeout, max, now: () => clock.ms });
  scheduler.update(weighted(1, 1, 1));
  return { scheduler, clock, pick: (client: number) => scheduler.pick(flowFrom(client))?.id };
}

describe('affinity', () => {
  it('keeps a client address with its destination, whatever port it comes from', () => {
    const { scheduler, pick } = sticky();
    expect([pick(1), pick(2), pick(3)]).toEqual(['d0', 'd1', 'd2']);
    expect(scheduler.pick({ ...flowFrom(2), clientPort: 1 })?.id).toBe('d1');
    expect([pick(3), pick(1)]).toEqual(['d2', 'd0']);
  });

  it('counts the timeout from the last flow', () => {
    const { clock, pick } = sticky({ timeout: 60 });
    expect([pick(1), pick(2)]).toEqual(['d0', 'd1']);
    clock.ms = 59_000;
    expect(pick(1)).toBe('d0');
    clock.ms = 118_000;
    expect(pick(1)).toBe('d0');
    expect(pick(2)).toBe('d2');
    clock.ms = 118_000 + 60_000;
    expect(pick(1)).toBe('d0');
    expect(pick(2)).toBe('d1');
  });

  it('lasts while the client has a flow open, and then for the timeout', () => {
    const { scheduler, clock, pick } = sticky({ timeout: 60 });
    const [first] = [destination('d0')];
    expect([pick(1), pick(2)]).toEqual(['d0', 'd1']);
    const { client } = flowFrom(1);
    scheduler.opened?.(client, first);
    scheduler.opened?.(client, first);
    clock.ms = 3_600_000;
    expect([pick(1), pick(2)]).toEqual(['d0', 'd2']);
    scheduler.closed?.(client, first);
    clock.ms = 7_200_000;
    expect(pick(1)).toBe('d0');
    scheduler.closed?.(client, first);
    clock.ms += 59_000;
    expect(pick(1)).toBe('d0');
    clock.ms += 61_000;
    expect([pick(3), pick(1)]).toEqual(['d0', 'd1']);
  });

  it.each([
    { why: 'is gone', update: [destination('d1'), destination('d2')] },
    { why: 'is quiesced', update: weighted(0, 1, 1) },
    { why: 'is full', update: [destination('d0', { upper: 1, active: 1 }), ...weighted(1, 1, 1).slice(1)] },
  ])('picks another when its destination $why, and stays there', ({ update }) => {
    const { scheduler, pick } = sticky();
    expect(pick(1)).toBe('d0');
    scheduler.update(update);
    const next = pick(1);
    expect(['d1', 'd2']).toContain(next);
    scheduler.update(weighted(1, 1, 1));
    expect([pick(1), pick(1)]).toEqual([next, next]);
  });

  it('picks another when its destination was tried for this flow, and stays there', () => {
    const { scheduler, pick } = sticky();
    expect(pick(1)).toBe('d0');
    expect(scheduler.pick(flowFrom(1), new Set(['d0']))?.id).toBe('d1');
    expect(pick(1)).toBe('d1');
  });

  it('is not remembered when no task took the flow', () => {
    const { scheduler, pick } = sticky();
    scheduler.update(weighted(0, 0, 0));
    expect(pick(1)).toBeUndefined();
    scheduler.update(weighted(1, 1, 1));
    expect(pick(1)).toBe('d0');
  });

  it('survives a flood of other clients while it is used', () => {
    const { scheduler, pick } = sticky({ max: 100 });
    expect(pick(1)).toBe('d0');
    for (let round = 0; round < 30; round++) {
      run(scheduler, 45, (client) => flowFrom(1000 + round * 45 + client));
      expect(pick(1)).toBe('d0');
    }
  });

  it('works with every scheduler alike', () => {
    const balanced = withAffinity(schedulerWith('wlc', []), { timeout: 60, max: 100, now: () => 0 });
    const [first, second] = weighted(1, 1);
    if (first === undefined || second === undefined) throw new Error('no destinations');
    balanced.update([first, second]);
    expect(balanced.pick(flowFrom(1))?.id).toBe('d0');
    first.active = 10;
    expect(balanced.pick(flowFrom(1))?.id).toBe('d0');
    expect(balanced.pick(flowFrom(2))?.id).toBe('d1');
  });
});

describe('recent map', () => {
  it('contains recently used entries and nothing that timed out', () => {
    const TIMEOUT = 100;
    const commands = fc.array(
      fc.record({
        key: fc.nat({ max: 12 }),
        isSet: fc.boolean(),
        pass: fc.constantFrom(0, 0, 0, 5, 99, 100),
      }),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(commands, fc.constantFrom(2, 4, 7, 50), (script, max) => {
        let clock = 0;
        const map = new RecentMap<number>({ max, timeout: TIMEOUT, now: () => clock });
        /** Key to value and time of use, in order of use. */
        const model = new Map<string, { value: number; at: number }>();
        script.forEach(({ key, isSet, pass }, value) => {
          clock += pass;
          const name = `k${key}`;
          const known = model.get(name);
          if (isSet) {
            map.set(name, value);
            model.delete(name);
            model.set(name, { value, at: clock });
            return;
          }
          const found = map.get(name);
          const isLive = known !== undefined && clock - known.at < TIMEOUT;
          const newer = [...model.keys()].toReversed().indexOf(name);
          if (!isLive) expect(found).toBeUndefined();
          else if (newer < Math.floor(max / 2)) expect(found).toBe(known.value);
          else expect([known.value, undefined]).toContain(found);
          if (found === undefined) model.delete(name);
          else if (known !== undefined) {
            model.delete(name);
            model.set(name, { ...known, at: clock });
          }
        });
      }),
    );
  });

  it('never exceeds its maximum', () => {
    const map = new RecentMap<number>({ max: 10, timeout: 100, now: () => 0 });
    for (let key = 0; key < 1000; key++) map.set(`k${key}`, key);
    // Asked from the newest on, so that asking pushes out only what was asked already.
    const held = Array.from({ length: 1000 }, (_, back) => map.get(`k${999 - back}`));
    const found = held.filter((value) => value !== undefined).length;
    expect(found).toBeGreaterThanOrEqual(5);
    expect(found).toBeLessThanOrEqual(10);
  });
});
