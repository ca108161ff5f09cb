import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { Balancing } from '../../src/net/balancing.js';
import type { Health } from '../../src/catalog/model.js';
import { selectTasks } from '../../src/catalog/selection.js';
import { ref, taskFact } from '../support/facts.js';

const letters: Readonly<Record<string, Health>> = {
  h: 'healthy',
  u: 'unhealthy',
  i: 'initializing',
  r: 'reinitializing',
  d: 'draining',
  s: 'stopped',
};

/** Tasks in the states that the letters say; `0` behind one is a weight of 0, `-` no address. */
function select(states: string, threshold?: number, balancing?: Balancing): string {
  const catalog = new Catalog({ clock: () => 0 });
  const tasks = states.split(' ').map(([letter = '', flag], at) =>
    taskFact(`${letter}${flag ?? ''}${at}`, {
      service: ref('web.shop'),
      health: letters[letter] ?? 'healthy',
      weight: flag === '0' ? 0 : 1,
      ...(flag !== '-' && { ip: `10.0.0.${at}` }),
    }),
  );
  catalog.sink('docker').replace({
    tasks,
    ...(balancing && { services: [{ ...ref('web.shop'), kind: 'tasks', balancing }] }),
  });
  const service = catalog.snapshot.service(ref('web.shop'));
  if (!service) throw new Error('no service');
  const { tasks: taken, panic, filled } = selectTasks(service, threshold);
  expect(filled.every((task) => taken.includes(task) && task.health !== 'healthy')).toBe(true);
  const ids = taken.map(({ id }) => id).sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  return `${panic ? 'all: ' : ''}${ids.join(' ')}`;
}

describe('the tasks of a service that take traffic', () => {
  it.each([
    ['h h i r d s h0 h-', 'h0 h1'],
    ['h u', 'h0'],
    ['h u u', 'all: h0 u1 u2'],
    ['u', 'all: u0'],
    ['u i', 'all: u0 i1'],
    ['u i r r i', 'all: u0 i1 r2 r3 i4'],
    ['h u i i', 'h0'],
    ['u u i', 'all: u0 u1 i2'],
    ['h u u d s', 'all: h0 u1 u2'],
    // What does not run does not count on either side.
    ['h u u0 u- s s', 'h0'],
    ['i r', ''],
    ['d s', ''],
  ])('of %s: %s', (states, expected) => expect(select(states)).toBe(expected));

  it.each([
    ['h h u', 0.3, 'all: h0 h1 u2'],
    ['u u u', 1, ''],
    ['u i', 1, ''],
    ['u i', 0.9, 'all: u0 i1'],
  ])('of %s at a threshold of %d: %s', (states, threshold, expected) =>
    expect(select(states, threshold)).toBe(expected),
  );

  it.each<[string, Balancing, string]>([
    ['h h u', { panicThreshold: 0.3 }, 'all: h0 h1 u2'],
    ['h u u', { panicThreshold: 1 }, 'h0'],
    // The best of those that run fill up to the minimum, in their place.
    ['u h u', { minHealthy: 2, panicThreshold: 1 }, 'u0 h1'],
    ['i r u h', { minHealthy: 2 }, 'u2 h3'],
    ['i r h', { minHealthy: 2 }, 'r1 h2'],
    ['h u d s u0 u- i', { minHealthy: 9 }, 'h0 u1 i6'],
    ['h h u', { minHealthy: 2 }, 'h0 h1'],
    ['h h d s', { minHealthy: 3 }, 'h0 h1'],
    ['d s', { minHealthy: 1 }, ''],
    // A panic takes more than any minimum does.
    ['h u u u', { minHealthy: 2 }, 'all: h0 u1 u2 u3'],
  ])('of %s of a service with %j: %s', (states, balancing, expected) =>
    expect(select(states, undefined, balancing)).toBe(expected),
  );
});
