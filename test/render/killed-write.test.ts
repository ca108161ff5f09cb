import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/net/log.js';
import { plainTarget } from '../../src/render/template-target.js';
import { Renderer } from '../../src/render/renderer.js';
import { recoverFile } from '../../src/render/write-file.js';
import { bundled } from '../support/bundled.js';
import { HeldTimers } from '../support/held-timers.js';

const script = fileURLToPath(bundled(new URL('killed-write.ts', import.meta.url)));

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-killed-'));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const OLD = 'old\n'.repeat(10_000);
const NEW = 'new\n'.repeat(10_000);

interface Case {
  readonly step: string;
  readonly end?: 'rollBack' | 'settle';
  readonly found: string;
  /** Whether the program that reads the file has yet to be told. */
  readonly owed: boolean;
}

const CASES: readonly Case[] = [
  { step: 'write', found: OLD, owed: false },
  { step: 'sync', found: OLD, owed: false },
  { step: 'keep', found: OLD, owed: false },
  { step: 'rename', found: OLD, owed: true },
  { step: 'sync directory', found: NEW, owed: true },
  { step: 'done', found: NEW, owed: true },
  { step: 'after', end: 'rollBack', found: OLD, owed: false },
  { step: 'after', end: 'settle', found: NEW, owed: false },
];

/** Has a process write the file, and be killed. */
function kill({ step, end }: Case): void {
  const args = [join(dir, 'out.conf'), step, ...(end === undefined ? [] : [end])];
  const { signal } = spawnSync(process.execPath, [script, ...args]);
  expect(signal).toBe('SIGKILL');
}

/** What the next daemon does: renders the file, and runs the command when that is due. */
async function renderAgain(): Promise<void> {
  const source = { text: '{{range loop 10000}}new\n{{end}}', name: 'new' };
  const plain = plainTarget(source, join(dir, 'out.conf'), { min: 0, max: 0 });
  const renderer = new Renderer({
    targets: [{ ...plain, command: `echo run >>${join(dir, 'log')}` }],
    port: { answer: () => undefined },
    settings: { host: { environment: {}, allowPlugin: false, allowWriteToFile: false }, now: () => 0 },
    timers: new HeldTimers(),
    log: silentLog,
  });
  renderer.start();
  await renderer.settled();
  expect(renderer.status()[0]?.state).toBe('rendered');
  await renderer.stop();
}

const log = () => (existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8') : '');

test.each(CASES)(
  'killed before "$step" $end: the file is whole, and the next daemon leaves it and nothing else',
  async (each) => {
    const destination = join(dir, 'out.conf');
    writeFileSync(destination, OLD);
    kill(each);
    expect(readFileSync(destination, 'utf8')).toBe(each.found);
    expect(await recoverFile(destination)).toBe(each.owed);
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
    await renderAgain();
    expect(readFileSync(destination, 'utf8')).toBe(NEW);
    // Once, however far the killed one had come; not at all when it had been told.
    expect(log()).toBe(each.end === 'settle' ? '' : 'run\n');
    expect(readdirSync(dir).filter((name) => name !== 'log')).toEqual(['out.conf']);
  },
);

test.each(CASES)('the same for a first file: killed before "$step" $end', async (each) => {
  kill(each);
  expect(existsSync(join(dir, 'out.conf'))).toBe(each.found === NEW);
  await renderAgain();
  expect(readFileSync(join(dir, 'out.conf'), 'utf8')).toBe(NEW);
  expect(log()).toBe(each.end === 'settle' ? '' : 'run\n');
  expect(readdirSync(dir).filter((name) => name !== 'log')).toEqual(['out.conf']);
});
