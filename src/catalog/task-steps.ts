import { isSameData } from '../net/same-data.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A list of tasks in which each is written as its difference to the one before it. Tasks of a service differ in little
 * more than their names and addresses, so 100,000 tasks take a quarter of the space and of the time to read them. What
 * is the same is one object again when they are read.
 */

/** What differs from the task before. `absent` names what that one has and this one has not. */
type TaskStep = Fields;

/** @returns makes a step of each task, which must come in order */
export function stepWriter(): (task: object) => TaskStep {
  let before: Fields = {};
  return (task) => {
    const step: Record<string, unknown> = {};
    const now = { ...task } as Fields;
    for (const key in now) {
      const value = now[key];
      if (value !== undefined && !isSameData(value, before[key])) step[key] = value;
    }
    const absent = Object.keys(before).filter((key) => before[key] !== undefined && now[key] === undefined);
    if (absent.length > 0) step.absent = absent;
    before = now;
    return step;
  };
}

/**
 * @param steps as they were read from a file, which may hold anything
 * @returns the tasks; anything that is not a step comes back as it is
 */
export function tasksOfSteps(steps: readonly unknown[]): unknown[] {
  let before: Fields = {};
  return steps.map((step) => {
    if (typeof step !== 'object' || step === null) return step;
    const { absent } = step as Fields;
    const merged: Fields = { ...before, ...step };
    before = absent === undefined ? merged : without(merged, absent);
    return before;
  });
}

function without(fields: Fields, absent: unknown): Fields {
  const names: readonly unknown[] = Array.isArray(absent) ? absent : [];
  return Object.fromEntries(
    Object.entries(fields).filter(([key]) => key !== 'absent' && !names.includes(key)),
  );
}
