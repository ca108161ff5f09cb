import { beforeEach, describe, expect, it } from 'vitest';
import { Lifecycle, type Part } from '../../src/daemon/lifecycle.js';
import type { LoadedConfig } from '../../src/daemon/loaded-config.js';
import { Ground } from './support.js';

const ground = new Ground();
let done: string[];
let faults: string[];
let loaded: LoadedConfig;

beforeEach(() => {
  [done, faults, loaded] = [[], [], ground.loaded()];
});

type Step = 'prepare' | 'start' | 'reload' | 'stop' | 'undo';

/** A part that notes what it does, and fails at some steps. */
function part(name: string, ...failing: Step[]): Part {
  const note = (step: Step) => {
    done.push(`${name} ${step}`);
    if (failing.includes(step)) throw new Error(`${name} cannot ${step}`);
  };
  return {
    name,
    prepare: () => {
      note('prepare');
      return () => note('undo');
    },
    start: () => note('start'),
    reload: () => note('reload'),
    stop: () => note('stop'),
  };
}

const lifecycle = (...parts: Part[]) =>
  new Lifecycle(parts, (error, name) => faults.push(`${name}: ${String(error)}`));

describe('the lifecycle', () => {
  it('starts in list order, and stops in reverse order', async () => {
    const all = lifecycle(part('a'), { name: 'bare' }, part('b'));
    await all.start(loaded);
    expect(done.splice(0)).toEqual(['a prepare', 'a start', 'b prepare', 'b start']);
    await all.stop();
    expect(done.splice(0)).toEqual(['b stop', 'a stop']);
    await all.stop();
    expect(done).toEqual([]);
  });

  it.each(['prepare', 'start'] as const)('stops the started parts when a part cannot %s', async (step) => {
    const all = lifecycle(part('a'), part('b', step), part('c'));
    await expect(all.start(loaded)).rejects.toThrow(`b cannot ${step}`);
    expect(done.filter((each) => each.endsWith('stop'))).toEqual(['b stop', 'a stop']);
    expect(done.some((each) => each.startsWith('c'))).toBe(false);
  });

  it('prepares all parts before it reloads the first', async () => {
    await lifecycle(part('a'), part('b')).reload(loaded);
    expect(done).toEqual(['a prepare', 'b prepare', 'a reload', 'b reload']);
  });

  it('undoes what was prepared when a later part cannot be prepared', async () => {
    const all = lifecycle(part('a'), part('b', 'undo'), part('c', 'prepare'), part('d'));
    await expect(all.reload(loaded)).rejects.toThrow('c cannot prepare');
    expect(done).toEqual(['a prepare', 'b prepare', 'c prepare', 'b undo', 'a undo']);
    expect(faults).toEqual(['b: Error: b cannot undo']);
  });

  it('continues when a part fails in a step that must not fail', async () => {
    const all = lifecycle(part('a', 'reload', 'stop'), part('b', 'stop'));
    await all.start(loaded);
    await all.reload(loaded);
    await all.stop();
    expect(done.slice(-3)).toEqual(['b reload', 'b stop', 'a stop']);
    expect(faults).toHaveLength(3);
  });
});
