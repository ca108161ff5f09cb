import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { recoverFile } from '../../src/render/write-file.js';
import { bundled } from '../support/bundled.js';

const script = fileURLToPath(bundled(new URL('killed-write.ts', import.meta.url)));

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-killed-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const OLD = 'old\n'.repeat(10_000);
const NEW = 'new\n'.repeat(10_000);

test.each([
  ['write', OLD, false],
  ['sync', OLD, false],
  ['keep', OLD, false],
  ['rename', OLD, true],
  ['sync directory', NEW, true],
  ['done', NEW, true],
])(
  'killed before "%s": the old or the new file is there, whole, and nothing else after the next start',
  async (step, content, owed) => {
    const destination = join(dir, 'out.conf');
    writeFileSync(destination, OLD);
    const { signal } = spawnSync(process.execPath, [script, destination, step]);
    expect(signal).toBe('SIGKILL');
    expect(readFileSync(destination, 'utf8')).toBe(content);
    expect(await recoverFile(destination)).toBe(owed);
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  },
);
