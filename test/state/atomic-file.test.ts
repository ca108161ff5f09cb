import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as nodeFs from 'node:fs/promises';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeAtomically, type FileSystem } from '../../src/state/atomic-file.js';

let directory: string;
let path: string;
let calls: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-atomic-'));
  [path, calls] = [join(directory, 'file.json'), []];
});
afterEach(() => rmSync(directory, { recursive: true }));

/** The file system, with a note of each call in its order. @param fails the call that fails, as if the disk were full */
function noted(fails?: string): FileSystem {
  const note = (call: string) => {
    calls.push(call);
    if (call === fails) throw Object.assign(new Error(`ENOSPC: ${call}`), { code: 'ENOSPC' });
  };
  const short = (name: unknown) => (name === directory ? 'directory' : name === path ? 'file' : 'temporary');
  return {
    mkdir: nodeFs.mkdir,
    rename: async (from, to) => {
      note(`rename ${short(from)} ${short(to)}`);
      await nodeFs.rename(from, to);
    },
    rm: nodeFs.rm,
    open: async (name, flags, mode) => {
      const handle = await nodeFs.open(name, flags, mode);
      const what = short(name);
      return new Proxy(handle, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key, target);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]): unknown => {
            if (key !== 'close') note(`${String(key)} ${what}`);
            return Reflect.apply(value, target, args);
          };
        },
      });
    },
  };
}

const ORDER = [
  'writeFile temporary',
  'writeFile temporary',
  'sync temporary',
  'rename temporary file',
  'sync directory',
];

describe('a file that is written atomically', () => {
  it('is written beside its destination, flushed, renamed, and its directory flushed, in this order', async () => {
    await writeAtomically(path, ['a', 'b'], noted());
    expect(calls).toEqual(ORDER);
    expect(await readFile(path, 'utf8')).toBe('ab');
    expect(await readdir(directory)).toEqual(['file.json']);
  });

  it('can be read only by its owner, even if everyone could read the previous file', async () => {
    writeFileSync(path, 'old', { mode: 0o666 });
    const before = process.umask(0);
    try {
      await writeAtomically(path, ['new']);
    } finally {
      process.umask(before);
    }
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it.each(ORDER.slice(0, 4))('is unchanged when "%s" fails, and nothing is left beside it', async (step) => {
    writeFileSync(path, 'old');
    await expect(writeAtomically(path, ['a', 'b'], noted(step))).rejects.toThrow(/ENOSPC/);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(directory)).toEqual(['file.json']);
  });
});
