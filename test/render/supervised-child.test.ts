import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SupervisedChild, type ChildOptions } from '../../src/render/supervised-child.js';
import { HeldTimers } from '../support/held-timers.js';

let dir: string;
const children: SupervisedChild[] = [];
const allTimers: HeldTimers[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-child-'));
});

afterEach(async () => {
  const stopped = children.splice(0).map((child) => child.stop());
  for (const timers of allTimers.splice(0)) timers.advance(3_600_000);
  await Promise.all(stopped);
  rmSync(dir, { recursive: true, force: true });
});

function supervise(command: ChildOptions['command'], more: Partial<ChildOptions> = {}) {
  const timers = new HeldTimers();
  const exits: [number, string][] = [];
  const child = new SupervisedChild({
    command,
    killSignal: 'SIGTERM',
    killTimeoutMs: 30_000,
    splayMs: 0,
    environment: { PATH: process.env['PATH'], DIR: dir },
    timers,
    random: () => 0.5,
    onExit: (code, outcome) => exits.push([code, outcome]),
    ...more,
  });
  children.push(child);
  allTimers.push(timers);
  child.start();
  return { child, timers, exits };
}

const lines = () => (existsSync(join(dir, 'log')) ? readFileSync(join(dir, 'log'), 'utf8').split('\n') : []);
const logged = (line: string, times = 1) =>
  expect.poll(() => lines().filter((each) => each === line).length).toBe(times);

/** Writes what it hears to a file, until something ends it. */
const LISTENER = `trap 'echo hup >> $DIR/log' HUP; trap 'echo usr1 >> $DIR/log' USR1; trap 'echo term >> $DIR/log; exit 0' TERM
echo started >> $DIR/log; while :; do sleep 0.02; done`;

test('a change sends the reload signal, and the program goes on', async () => {
  const { child, timers, exits } = supervise(['sh', '-c', LISTENER], { reloadSignal: 'SIGHUP' });
  await logged('started');
  const { pid } = child;
  child.reload();
  timers.advance(0);
  await logged('hup');
  expect(child.pid).toBe(pid);
  await child.stop();
  await logged('term');
  expect(exits).toEqual([]);
});

test('without a reload signal the program is stopped, and started again when it has ended', async () => {
  const { child, timers, exits } = supervise(['sh', '-c', LISTENER]);
  await logged('started');
  child.reload();
  timers.advance(0);
  await logged('started', 2);
  await logged('term');
  expect(exits).toEqual([]);
});

test('a program that does not end is killed after its time, with all that it started', async () => {
  const stubborn = `trap '' TERM; sh -c 'trap "" TERM; echo $$ > $DIR/inner; while :; do sleep 0.02; done' & echo started >> $DIR/log; while :; do sleep 0.02; done`;
  const { child, timers } = supervise(['sh', '-c', stubborn], { killTimeoutMs: 5000 });
  await logged('started');
  await expect.poll(() => existsSync(join(dir, 'inner'))).toBe(true);
  const { pid = 0 } = child;
  const stopped = child.stop();
  timers.advance(4999);
  expect(() => process.kill(pid, 0)).not.toThrow();
  timers.advance(1);
  await stopped;
  const inner = Number(readFileSync(join(dir, 'inner'), 'utf8'));
  await expect.poll(() => isGone(inner)).toBe(true);
});

/** A process that has ended but that its new parent has not waited for is gone, too. */
function isGone(pid: number): boolean {
  try {
    return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

test('the splay puts a change off by a random part of it; further changes are one', async () => {
  const { child, timers } = supervise(['sh', '-c', LISTENER], { reloadSignal: 'SIGHUP', splayMs: 10_000 });
  await logged('started');
  child.reload();
  timers.advance(4999);
  child.reload();
  timers.advance(4999);
  expect(lines()).not.toContain('hup');
  timers.advance(1);
  await logged('hup');
  child.signal('SIGUSR1');
  await logged('usr1');
  expect(lines().filter((line) => line === 'hup')).toHaveLength(1);
});

test.each([
  [
    ['sh', '-c', 'exit 3'],
    [3, 'exit status 3'],
  ],
  ['true', [0, 'exit status 0']],
  ['true; kill -9 $$', [137, 'signal SIGKILL']],
  ['true && exit 4', [4, 'exit status 4']],
  [['/no/such/program'], [127, 'cannot be run: there is no program /no/such/program; check the path']],
])('a program that ends by itself is reported: %j', async (command, exit) => {
  const { exits } = supervise(command);
  await expect.poll(() => exits).toEqual([exit]);
});

test('a line that is one command gets signals itself, not the shell', async () => {
  const { child, exits } = supervise('sleep 600');
  await expect
    .poll(() => readFileSync(`/proc/${child.pid ?? 0}/cmdline`, 'utf8').split('\0'))
    .toEqual(['sleep', '600', '']);
  child.signal('SIGTERM');
  await expect.poll(() => exits).toEqual([[143, 'signal SIGTERM']]);
});
