import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileKeyValues } from '../../src/key-values/file-key-values.js';
import { describeKeyValues } from './key-values-contract.js';

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-keys-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function put(root: string, key: string, value: string | Buffer): void {
  mkdirSync(dirname(join(root, key)), { recursive: true });
  writeFileSync(join(root, key), value);
}

describeKeyValues('a directory', () => {
  const root = mkdtempSync(join(tmpdir(), 'fairlead-keys-'));
  const store = new FileKeyValues(root, 1);
  return Promise.resolve({
    store,
    put: (key, value) => put(root, key, value),
    remove: (key) => rmSync(join(root, key)),
    away: () => renameSync(root, `${root}-away`),
    back: () => renameSync(`${root}-away`, root),
    close: () => {
      store.close();
      rmSync(root, { recursive: true, force: true });
      rmSync(`${root}-away`, { recursive: true, force: true });
    },
  });
});

it('leaves out one newline at the end, and keeps bytes that are not UTF-8', async () => {
  const store = new FileKeyValues(dir);
  put(dir, 'a', 'x\n\n');
  put(dir, 'b', Buffer.from([0xff, 10]));
  expect((await store.get('a'))?.value).toBe('x\n');
  expect((await store.get('b'))?.bytes).toEqual(Buffer.from([0xff]));
});

it('never reads outside its directory by a key, and says so when it is not one', async () => {
  put(dir, 'keys/a', '1');
  put(dir, 'secret', 's');
  const store = new FileKeyValues(join(dir, 'keys'));
  expect(await store.get('../secret')).toBeUndefined();
  expect(await store.get('b/../../secret')).toBeUndefined();
  expect(await store.get('')).toBeUndefined();
  // A link that the owner of the directory made is the owner's word.
  symlinkSync(join(dir, 'secret'), join(dir, 'keys/link'));
  expect((await store.get('link'))?.value).toBe('s');
  await expect(new FileKeyValues(join(dir, 'secret')).get('a')).rejects.toThrow('is not a directory');
  await expect(new FileKeyValues(join(dir, 'none')).get('a')).rejects.toThrow(
    'there is no such directory; make it, or name another one (render.keys)',
  );
});

it('sees a value of the same length that is written within one tick of the clock', async () => {
  const store = new FileKeyValues(dir);
  for (let i = 0; i < 50; i += 1) {
    put(dir, 'a', String(i % 10));
    expect((await store.get('a'))?.value).toBe(String(i % 10));
  }
});
