import type { Task } from './model.js';

/** Orders tasks by name, comparing numbers by value (`web_2` before `web_10`), then by id. */
export function compareNames(a: Task, b: Task): number {
  return naturalOrder(a.name, b.name) || byId(a, b);
}

/**
 * Orders several tasks with the same name, best first:
 * 1. a task with the name as its canonical name before one with the name as a variant
 * 2. a running task before a stopped one (an upgrade leaves the old container behind under the same name)
 * 3. the newest
 */
export function compareForName(name: string): (a: Task, b: Task) => number {
  return compareBy(
    (task) => (task.names[0] === name ? 0 : 1),
    (task) => (task.health === 'stopped' ? 1 : 0),
    (task) => -(task.startedAt ?? 0),
  );
}

/**
 * Orders several tasks with the same address, best first:
 * 1. a task that serves at the address before one that only asks from it
 * 2. the owner of a network namespace before the tasks that share it
 * 3. the newest (addresses are soon reused)
 */
export function compareForAddress(address: string): (a: Task, b: Task) => number {
  return compareBy(
    (task) => (task.endpoints.some((endpoint) => endpoint.ip === address) ? 0 : 1),
    (task) => (task.networkOf === undefined ? 0 : 1),
    (task) => -(task.startedAt ?? 0),
  );
}

function compareBy(...ranks: ((task: Task) => number)[]): (a: Task, b: Task) => number {
  return (a, b) => {
    for (const rank of ranks) {
      const order = rank(a) - rank(b);
      if (order !== 0) return order;
    }
    return byId(a, b);
  };
}

function byId(a: Task, b: Task): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

function naturalOrder(a: string, b: string): number {
  const left = a.split(/(\d+)/);
  const right = b.split(/(\d+)/);
  for (let at = 0; at < Math.min(left.length, right.length); at++) {
    const l = left[at] ?? '';
    const r = right[at] ?? '';
    if (l === r) continue;
    const difference = at % 2 === 1 ? Number(l) - Number(r) : 0;
    return difference || (l < r ? -1 : 1);
  }
  return left.length - right.length;
}
