import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Successor } from '../../src/daemon/successor.js';
import { recordedLog } from '../support/recorded-log.js';

let folder: string;
let logged: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-successor-'));
  logged = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A program that writes down how it was called. */
const program = (code: number, word = ''): [string, ...string[]] => [
  '/bin/sh',
  '-c',
  `echo "$@" >> ${folder}/calls; exit ${code}`,
  'fairlead',
  'run',
  ...(word === '' ? [] : [word]),
];
const calls = () => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');
const failed = (successor: Successor) => vi.waitFor(() => expect(successor.fault).toBeDefined());

it.each(['', '--takeover'])('is started by the same command, and takes over (%s)', async (word) => {
  const successor = new Successor({ log: recordedLog(logged), command: program(78, word) });
  successor.start();
  successor.start();
  await failed(successor);
  expect(calls()).toEqual(['run --takeover']);
  expect(successor.fault?.error).toBe('the successor ended (exit code 78); its log says why');
});

it('that failed can be tried again', async () => {
  const successor = new Successor({ log: recordedLog(logged), command: program(1) });
  successor.start();
  await failed(successor);
  successor.start();
  expect(successor.fault).toBeUndefined();
  await failed(successor);
  expect(calls()).toHaveLength(2);
});

it('that cannot be started is a fault', async () => {
  const successor = new Successor({ log: recordedLog(logged), command: ['/nowhere/node'] });
  successor.start();
  await failed(successor);
  expect(successor.fault?.error).toContain('ENOENT');
});

it('there is none of the first process of a container', () => {
  const successor = new Successor({ log: recordedLog(logged), command: program(0), pid: 1 });
  successor.start();
  expect(successor.fault?.error).toContain('the first process of a container');
});
