import type { Task } from './model.js';

/** Tasks in the order of their names, numbers by value: `web_2` before `web_10`; then by id. */
export function compareNames(a: Task, b: Task): number {
  return naturalOrder(a.name, b.name) || byId(a, b);
}

/**
 * Which of several tasks a name means: one that has it as its canonical name before one that has it as a variant, a
 * running one before a stopped one (an upgrade leaves the old container behind under the same name), then the newest.
 */
export function compareForName(name: string): (a: Task, b: Task) => number {
  return compareBy(
    (task) => (task.names[0] === name ? 0 : 1),
    (task) => (task.health === 'stopped' ? 1 : 0),
    (task) => -(task.startedAt ?? 0),
  );
}

/**
 * Which of several tasks an address means: one that is served there before one that only asks from there, the owner of a
 * network namespace before those that share it, then the newest (an address is given out again at once).
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
