import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { adjustFile, prepareFile, type FileOptions } from '../../src/render/write-file.js';

const isRoot = process.getuid?.() === 0;

let dir: string;
let path: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-write-file-'));
  path = join(dir, 'out.conf');
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const PLAIN: FileOptions = { createDirectories: true, backup: false };

async function write(text: string, options: Partial<FileOptions> = {}, at = path): Promise<void> {
  const prepared = await prepareFile(at, Buffer.from(text), { ...PLAIN, ...options });
  const committed = await prepared.commit();
  await committed.settle();
}

const owner = (at = path) => {
  const { uid, gid, mode } = statSync(at);
  return { uid, gid, mode: mode & 0o7777 };
};

test.skipIf(!isRoot)("the old file's mode and owner stay, unless others are wanted", async () => {
  writeFileSync(path, 'old');
  chmodSync(path, 0o2750);
  chownSync(path, 1234, 5678);
  chmodSync(path, 0o2750);
  await write('new');
  expect(owner()).toEqual({ uid: 1234, gid: 5678, mode: 0o2750 });
  await write('newer', { mode: 0o600, user: 'nobody' });
  expect(owner()).toEqual({ uid: 65534, gid: 5678, mode: 0o600 });
  await write('newest', { group: '77' });
  expect(owner()).toEqual({ uid: 65534, gid: 77, mode: 0o600 });
});

test.skipIf(!isRoot)('a first file gets the mode and owner that are wanted', async () => {
  await write('x', { mode: 0o400, user: '12', group: 'daemon' });
  expect(owner()).toEqual({ uid: 12, gid: 1, mode: 0o400 });
});

test.skipIf(!isRoot)('a file with the right bytes gets its mode and owner', async () => {
  writeFileSync(path, 'x');
  const options = { ...PLAIN, mode: 0o640, user: 'nobody' };
  expect(await adjustFile(path, options)).toBe(true);
  expect(owner()).toMatchObject({ uid: 65534, mode: 0o640 });
  expect(await adjustFile(path, options)).toBe(false);
});

test('a user that this host does not have: nothing is left behind', async () => {
  await expect(write('x', { user: 'no-such-user' })).rejects.toThrow(
    'there is no user no-such-user on this host; create it, or name another user',
  );
  expect(readdirSync(dir)).toEqual([]);
});

test('the backup is the file before, one generation', async () => {
  for (const text of ['1', '2', '3']) await write(text, { backup: true });
  expect([readFileSync(path, 'utf8'), readFileSync(`${path}.bak`, 'utf8')]).toEqual(['3', '2']);
  expect(readdirSync(dir).sort()).toEqual(['out.conf', 'out.conf.bak']);
});

test('directories are made only where that is wanted', async () => {
  const deep = join(dir, 'a/b/out.conf');
  await expect(write('x', { createDirectories: false }, deep)).rejects.toThrow(
    `the directory ${join(dir, 'a/b')} does not exist; create it, or let it be created (createDirectories)`,
  );
  expect(readdirSync(dir)).toEqual([]);
  await write('x', {}, deep);
  expect(readFileSync(deep, 'utf8')).toBe('x');
  expect(statSync(join(dir, 'a')).mode & 0o777).toBe(0o755);
});
