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

/**
 * Compares texts with numbers by value: as if both were split into numbers and what is between them, and compared part
 * by part. A first sync sorts the tasks of every service, so nothing is split.
 */
export function naturalOrder(a: string, b: string): number {
  let at = 0;
  while (at < a.length && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === a.length && at === b.length) return 0;
  const [inA, inB] = [isDigitAt(a, at), isDigitAt(b, at)];
  const inNumber = isDigitAt(a, at - 1);
  if (inA && (inB || inNumber)) return compareNumbers(a, b, at);
  if (inB && inNumber) return compareNumbers(a, b, at);
  // What precedes a number in one text goes on in the other, unless that one ends.
  if (inA) return at === b.length ? 1 : -1;
  if (inB) return at === a.length ? -1 : 1;
  if (at === a.length || at === b.length) return a.length - b.length;
  return a.charCodeAt(at) - b.charCodeAt(at);
}

/** @param at where the texts begin to differ, in or before a number of each */
function compareNumbers(a: string, b: string, at: number): number {
  let begin = at;
  while (isDigitAt(a, begin - 1)) begin--;
  const [left, right] = [digitsFrom(a, begin), digitsFrom(b, begin)];
  return Number(left) - Number(right) || (left < right ? -1 : 1);
}

function digitsFrom(text: string, begin: number): string {
  let end = begin;
  while (isDigitAt(text, end)) end++;
  return text.slice(begin, end);
}

function isDigitAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0x30 && code <= 0x39;
}
