import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stepWriter, tasksOfSteps } from '../../src/catalog/task-steps.js';
import { ref, taskFact } from '../support/facts.js';

describe('tasks as steps', () => {
  it('are the same tasks again, whatever they have and have not', () => {
    const value = fc.constantFrom<unknown>(
      1,
      'a',
      [],
      ['a'],
      {},
      { a: 1 },
      { a: [1] },
      null,
      false,
      undefined,
    );
    const task = fc.dictionary(fc.constantFrom('id', 'name', 'reason', 'vip', 'labels'), value);
    fc.assert(
      fc.property(fc.array(task, { maxLength: 6 }), (tasks) => {
        const read = JSON.parse(JSON.stringify(tasks.map(stepWriter()))) as unknown[];
        expect(tasksOfSteps(read)).toEqual(JSON.parse(JSON.stringify(tasks)));
      }),
    );
  });

  it('of one service hold little more than names and addresses, and share the rest when they are read', () => {
    const service = ref('web.shop');
    const ports = [{ port: 80, protocol: 'tcp' as const, target: 8080 }];
    const tasks = ['a', 'b', 'c'].map((id) =>
      taskFact(id, { service: { ...service }, ports: [...ports], labels: { tier: 'front' } }),
    );
    const steps = tasks.map(stepWriter());
    for (const step of steps.slice(1)) expect(Object.keys(step)).not.toContain('labels');
    const read = tasksOfSteps(steps) as typeof tasks;
    expect(read).toEqual(tasks);
    expect(read[2]?.labels).toBe(read[0]?.labels);
    expect(read[2]?.ports).toBe(read[0]?.ports);
  });

  it('that are none are left for others to judge', () => {
    expect(tasksOfSteps([7, null, { id: 'a' }, { absent: 3 }, 'x'])).toEqual([
      7,
      null,
      { id: 'a' },
      { id: 'a' },
      'x',
    ]);
  });
});
