import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EarlierValues } from '../../src/linux/earlier-values.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-earlier-'));
  file = join(folder, 'state', 'settings.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** As another process has it. */
const opened = (whereAndWhen = 'this boot'): EarlierValues => {
  const values = new EarlierValues(() => whereAndWhen);
  values.keepIn(file);
  return values;
};

describe('what settings were', () => {
  it('is known to the next process, and forgotten once they are restored', () => {
    const first = opened();
    first.note('a', '1');
    first.note('b', '2');
    const second = opened();
    expect([second.of('a'), second.of('b'), second.names()]).toEqual(['1', '2', ['a', 'b']]);
    second.forget('a');
    expect(opened().names()).toEqual(['b']);
  });

  it('is void after a restart of the host, and in another network', () => {
    opened().note('a', '1');
    const later = opened('another boot');
    expect(later.names()).toEqual([]);
    later.note('b', '2');
    expect(opened('another boot').names()).toEqual(['b']);
  });

  it('is written by two processes that follow each other, without loss', () => {
    const [before, after] = [opened(), opened()];
    before.note('a', '1');
    after.note('b', '2');
    before.forget('a');
    expect(opened().names()).toEqual(['b']);
  });

  it('is kept from the start, although the file comes later', () => {
    const values = new EarlierValues(() => 'this boot');
    values.note('a', '1');
    values.keepIn(file);
    expect(opened().of('a')).toBe('1');
  });

  it.each(['', '{"of": "this boot"}', 'null', '{"of": "this boot", "values": {"a": 1}}'])(
    'survives a file that says %j',
    (text) => {
      opened().note('x', '1');
      writeFileSync(file, text);
      const values = opened();
      values.note('b', '2');
      expect(opened().of('b')).toBe('2');
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ of: 'this boot' });
    },
  );

  it('is known to this process where the file cannot be written', () => {
    writeFileSync(join(folder, 'state'), 'not a directory');
    const values = opened();
    values.note('a', '1');
    expect(values.of('a')).toBe('1');
    values.forget('a');
    expect(values.names()).toEqual([]);
  });
});
