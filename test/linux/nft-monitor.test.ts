import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tamperDetector, unseenDetector, watchTable } from '../../src/linux/nft-monitor.js';
import { bundled } from '../support/bundled.js';

const TABLE = 'ip fairlead_vip';
const monitorScript = bundled(new URL('../../src/linux/nft-monitor.ts', import.meta.url));
const END = '# new generation 7 by process 4711 (nft)';

/** As nft 1.0.6 prints it when the whole table is replaced. */
const replaced = [
  'delete rule ip fairlead_vip lead handle 3',
  'delete set ip fairlead_vip ports',
  'delete chain ip fairlead_vip lead',
  'delete table ip fairlead_vip',
  'add table ip fairlead_vip',
  'add chain ip fairlead_vip lead',
  'add element ip fairlead_vip ports { 10.43.0.5 . 80 : 10.43.0.5 . 4000 }',
  'add rule ip fairlead_vip lead ip daddr 10.43.0.0/16 accept',
  END,
];
const flushed = [
  'delete set ip fairlead_vip ports',
  'delete chain ip fairlead_vip lead',
  'delete table ip fairlead_vip',
  'delete table ip other',
  END,
];

describe('a table that is watched', () => {
  it.each([
    [
      'it is written for the first time',
      ['add table ip fairlead_vip', 'add chain ip fairlead_vip x', END],
      0,
    ],
    ['it is replaced', replaced, 0],
    ['all rules are flushed', flushed, 1],
    ['one rule is taken away', ['delete rule ip fairlead_vip lead handle 3', END], 1],
    ['an element is taken away', ['delete element ip fairlead_vip ports { 10.43.0.5 . 80 : x }', END], 1],
    ['a rule is added', ['add rule ip fairlead_vip lead counter packets 0 bytes 0', END], 1],
    [
      'it is made and taken away at once',
      ['add table ip fairlead_vip', 'delete table ip fairlead_vip', END],
      1,
    ],
    ['another table goes', ['delete table ip other', END], 0],
    ['the table of another family goes', ['delete table ip6 fairlead_vip', END], 0],
    ['a table with a longer name goes', ['delete table ip fairlead_vip2', END], 0],
    ['a transaction is not over', flushed.slice(0, -1), 0],
    ['it is flushed and replaced', [...flushed, ...replaced], 1],
    ['it is replaced and flushed twice', [...replaced, ...flushed, ...replaced, ...flushed], 2],
    ['something else is printed', ['', '# new', 'Error: x', END], 0],
  ])('when %s', (_what, lines, times) => {
    expect(lines.filter(tamperDetector(TABLE))).toHaveLength(times);
  });

  it('when a transaction prints nothing, it may have emptied a map; the first one may have begun earlier', () => {
    const unseen = unseenDetector();
    const lines = [END, END, 'add table ip other', END, END, ...flushed];
    expect(lines.map((line) => unseen(line))).toEqual([
      ...[false, true, false, false, true],
      ...flushed.map(() => false),
    ]);
  });

  it('when Fairlead itself has changed a part of it, which its stamp shows', () => {
    const change = 'add element ip fairlead_vip slots { 10.43.0.5 . tcp . 80 . 0x00000000 : 0x0000004e }';
    const stamped = (stamp: string) => [change, `add element ip fairlead_vip stamp { ${stamp} }`, END];
    const tampered = tamperDetector(TABLE, (stamp) => stamp === 0x2a);
    const lines = [...stamped('0x0000002a'), ...stamped('0x0000002b'), change, END];
    expect(lines.map((line) => tampered(line))).toEqual([
      ...[false, false, false],
      ...[false, false, true],
      ...[false, true],
    ]);
  });
});

describe('nft monitor', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-monitor-'));
    vi.stubEnv('PATH', folder);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });
  const standIn = (script: string): void => {
    writeFileSync(join(folder, 'nft'), `#!/bin/sh\n${script}\n`);
    chmodSync(join(folder, 'nft'), 0o755);
  };

  it('tells of what it prints, and of its end', async () => {
    standIn(`[ "$1" = monitor ] || exit 1\nprintf '${flushed.join('\\n')}\\n'`);
    const told: string[] = [];
    await new Promise<void>((ended) => {
      watchTable(
        TABLE,
        () => told.push('tampered'),
        () => ended(),
      );
    });
    await vi.waitFor(() => expect(told).toEqual(['tampered']));
  });

  it('that there is not tells of its end', async () => {
    await new Promise<void>((ended) => watchTable(TABLE, () => undefined, ended));
  });

  it('that is stopped ends, and says no more', async () => {
    standIn(`echo $$ > ${folder}/pid; exec /bin/sleep 1000`);
    const told: string[] = [];
    const stop = watchTable(
      TABLE,
      () => told.push('tampered'),
      () => told.push('end'),
    );
    const pid = await begun();
    stop();
    stop();
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
    expect(told).toEqual([]);
  });

  it('ends with the process that watches, however that ends', async () => {
    standIn(`echo $$ > ${folder}/pid; exec /bin/sleep 1000`);
    const script = `import(${JSON.stringify(monitorScript.href)}).then(({ watchTable }) => watchTable('ip x', () => {}, () => {})); setInterval(() => {}, 1000);`;
    const watcher = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    const pid = await begun();
    expect(isAlive(pid)).toBe(true);
    watcher.kill('SIGKILL');
    await vi.waitFor(() => expect(isAlive(pid)).toBe(false));
  });

  async function begun(): Promise<number> {
    const read = () => Number(readFileSync(join(folder, 'pid'), 'utf8'));
    await vi.waitFor(() => expect(read()).toBeGreaterThan(0));
    return read();
  }

  /** A process that has ended and that nobody has waited for is none. */
  function isAlive(pid: number): boolean {
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  }
});
