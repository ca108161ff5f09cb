import { expect, it } from 'vitest';
import { flowFrom, schedulerWith, weighted } from './support.js';

const PORTS = Array.from({ length: 200 }, (_, at) => 40_000 + at);

it.each([
  ['sh', 1],
  ['mh', 1],
  ['sh-port', 4],
  ['mh-port', 4],
] as const)('%s sends the connections of one client to %i of 4 tasks', (name, tasks) => {
  const scheduler = schedulerWith(name, weighted(1, 1, 1, 1));
  const pick = (clientPort: number) => scheduler.pick({ ...flowFrom(7), clientPort })?.id;
  const picked = PORTS.map(pick);
  expect(new Set(picked).size).toBe(tasks);
  // The same address and port lead to the same task.
  expect(PORTS.map(pick)).toEqual(picked);
});
