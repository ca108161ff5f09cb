import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  FlowBudget,
  flowBudgetMemory,
  flowLimits,
  type Waiter,
} from '../../../src/balancer/flows/flow-budget.js';

it('waiting clients that end as soon as they are admitted are admitted one after the other', () => {
  const waiting = 10_000;
  const budget = new FlowBudget({ flows: 1, descriptors: 2, waiting });
  let [admitted, deep, deepest] = [0, 0, 0];
  const waiter = (): Waiter => ({
    descriptors: 2,
    admit() {
      deepest = Math.max(deepest, ++deep);
      admitted++;
      budget.give(2);
      deep--;
    },
  });
  expect(budget.take(2)).toBe(true);
  for (let n = 0; n < waiting; n++) expect(budget.wait(waiter())).toBe(true);
  budget.give(2);
  expect({ admitted, deepest }).toEqual({ admitted: waiting, deepest: 1 });
  expect([budget.flows, budget.descriptors]).toEqual([0, 0]);
});

const limits = { flows: 6, descriptors: 10, waiting: 3 };

it('several threads never exceed the total, and any of them may have taken it', () => {
  const action = fc.record({
    thread: fc.nat(2),
    what: fc.constantFrom('take', 'take', 'give', 'wait', 'look', 'reclaim'),
    descriptors: fc.constantFrom(1, 2),
  });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 100 }), (actions) => {
      const memory = flowBudgetMemory();
      const threads = [0, 1, 2].map((thread) => new FlowBudget(limits, { memory, thread }));
      const main = new FlowBudget(limits, { memory, thread: 3 });
      let taken: { readonly thread: number; readonly descriptors: number }[] = [];
      const waiting = new Map<number, Set<object>>([0, 1, 2].map((thread) => [thread, new Set()]));
      for (const { thread, what, descriptors } of actions) {
        const budget = threads[thread];
        if (!budget) continue;
        if (what === 'take') {
          const before = taken.reduce((sum, each) => sum + each.descriptors, 0);
          const fits = taken.length < limits.flows && before + descriptors <= limits.descriptors;
          expect(budget.take(descriptors)).toBe(fits);
          if (fits) taken.push({ thread, descriptors });
        } else if (what === 'give') {
          const found = taken.find((each) => each.thread === thread);
          taken = taken.filter((each) => each !== found);
          if (found) budget.give(found.descriptors);
        } else if (what === 'wait') {
          const waiter = {
            descriptors,
            admit() {
              taken.push({ thread, descriptors });
              waiting.get(thread)?.delete(waiter);
            },
          };
          const all = [...waiting.values()].reduce((sum, each) => sum + each.size, 0);
          expect(budget.wait(waiter)).toBe(all < limits.waiting);
          if (all < limits.waiting) waiting.get(thread)?.add(waiter);
        } else if (what === 'look') {
          budget.look();
        } else {
          taken = taken.filter((each) => each.thread !== thread);
          waiting.set(thread, new Set());
          threads[thread] = new FlowBudget(limits, { memory, thread });
          main.reclaim(thread);
        }
        const inUse = taken.reduce((sum, each) => sum + each.descriptors, 0);
        expect([main.flows, main.descriptors]).toEqual([taken.length, inUse]);
        expect(taken.length).toBeLessThanOrEqual(limits.flows);
        expect(inUse).toBeLessThanOrEqual(limits.descriptors);
      }
    }),
  );
});

it.each([
  [160, { descriptors: 160 - 64, waiting: 16 }],
  [1024, { descriptors: 1024 - 128, waiting: 32 }],
  [1_048_576, { descriptors: 1_048_576 - 4096, waiting: 1024 }],
  [10, { descriptors: 0, waiting: 16 }],
])('of %d file descriptors an eighth is kept for everything else, 64 to 4096', (all, expected) => {
  expect(flowLimits(undefined, all)).toMatchObject(expected);
});

it('listeners have half of the descriptors at most, and none that flows have', () => {
  const budget = new FlowBudget({ flows: 10, descriptors: 9, waiting: 1 });
  for (let n = 0; n < 4; n++) budget.listen();
  expect(() => budget.listen()).toThrow(/may have 4 file descriptors.*raise the limit/);
  expect([budget.take(2), budget.take(2), budget.take(2)]).toEqual([true, true, false]);
  budget.unlisten();
  budget.listen();
  budget.unlisten();
  expect(budget.take(1)).toBe(true);
  expect(budget.take(1)).toBe(true);
  expect(() => budget.listen()).toThrow(/file descriptors/);
  expect(budget.descriptors).toBe(9);
});
