import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../../src/net/log.js';
import { areThere, RenderedProgram, type ExecRequest } from '../../src/render/rendered-program.js';
import type { TargetStatus } from '../../src/render/template-target.js';
import { HeldTimers } from '../support/held-timers.js';

let dir: string;
const programs: RenderedProgram[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-program-'));
});

afterEach(async () => {
  await Promise.all(programs.splice(0).map((program) => program.stop()));
  rmSync(dir, { recursive: true, force: true });
});

function program(script: string, more: Partial<ExecRequest> = {}) {
  const timers = new HeldTimers();
  const given: number[] = [];
  const made = new RenderedProgram(
    {
      command: ['sh', '-c', script],
      killSignal: 'SIGTERM',
      killTimeoutMs: 30_000,
      splayMs: 0,
      restart: 'always',
      ...more,
    },
    {
      environment: { PATH: process.env['PATH'], DIR: dir },
      timers,
      now: () => 1000 + timers.now(),
      random: () => 0,
      log: silentLog,
      onGivenUp: (code) => given.push(code),
    },
  );
  programs.push(made);
  return { program: made, timers, given };
}

const read = (name: string) => (existsSync(join(dir, name)) ? readFileSync(join(dir, name), 'utf8') : '');
const starts = () => read('starts').length;
const COUNTED = 'printf . >> $DIR/starts';

test('starts when every file is there, once, and hears of changes', async () => {
  const { program: made, timers } = program(
    `trap 'printf . >> $DIR/hups' HUP; ${COUNTED}; while :; do sleep 0.02; done`,
    { reloadSignal: 'SIGHUP' },
  );
  made.afterRound(1, false);
  expect(made.status).toEqual({ text: expect.any(String) as string, state: 'waiting', restarts: 0 });
  made.afterRound(1, true);
  made.afterRound(0, true);
  await expect.poll(starts).toBe(1);
  expect(made.status).toMatchObject({ state: 'running', startedAt: 1000, pid: expect.any(Number) as number });
  made.afterRound(0, true);
  timers.advance(0);
  expect(read('hups')).toBe('');
  made.afterRound(1, true);
  timers.advance(0);
  await expect.poll(() => read('hups')).toBe('.');
  expect(starts()).toBe(1);
});

test('a program that ends is started again: after 1 s, 2 s, 4 s, and after 1 s once it ran a minute', async () => {
  const { program: made, timers } = program(
    `${COUNTED}; [ -e $DIR/steady ] && while [ -e $DIR/steady ]; do sleep 0.02; done; exit 3`,
  );
  made.afterRound(0, true);
  const restarting = (restarts: number) =>
    expect.poll(() => made.status).toMatchObject({ state: 'restarting', restarts, outcome: 'exit status 3' });
  for (const [index, delay] of [1000, 2000, 4000].entries()) {
    await restarting(index);
    timers.advance(delay - 1);
    expect(made.status.state).toBe('restarting');
    if (index === 2) writeFileSync(join(dir, 'steady'), '');
    timers.advance(1);
  }
  await expect.poll(() => made.status).toMatchObject({ state: 'running', restarts: 3 });
  await expect.poll(starts).toBe(4);
  timers.advance(60_000);
  rmSync(join(dir, 'steady'));
  await restarting(3);
  timers.advance(1000);
  await expect.poll(starts).toBe(5);
});

test.each([
  ['never', 'exit 0', 'ended'],
  ['never', 'exit 1', 'ended'],
  ['on-failure', 'exit 0', 'ended'],
  ['on-failure', 'exit 1', 'restarting'],
  ['give up', 'exit 7', 'ended'],
] as const)('restart %s: after "%s" it is %s', async (restart, script, state) => {
  const { program: made, given } = program(script, { restart });
  made.afterRound(0, true);
  const code = Number(script.slice(5));
  await expect.poll(() => made.status).toMatchObject({ state, outcome: `exit status ${code}` });
  expect(given).toEqual(state === 'ended' ? [code] : []);
});

test('a user that the host does not have is told, and tried again', async () => {
  const { program: made, timers } = program(COUNTED, { runAs: 'nosuchuser' });
  made.afterRound(0, true);
  await expect
    .poll(() => made.status)
    .toMatchObject({
      state: 'restarting',
      outcome: 'there is no user nosuchuser on this host; create it, or name another user',
    });
  timers.advance(1000);
  await expect.poll(() => made.status.restarts).toBe(1);
});

test.skipIf(process.getuid?.() !== 0)(
  'it runs as its user, with that name and home, and no other group',
  async () => {
    const { program: made } = program(
      `echo "$(id -u) $(id -G) $USER $HOME" > /proc/self/fd/1; while :; do sleep 0.02; done`,
      {
        runAs: 'nobody',
        environment: { pristine: true, allow: [], deny: [], custom: [`PATH=${process.env['PATH'] ?? ''}`] },
      },
    );
    made.afterRound(0, true);
    await expect.poll(() => made.status.pid).toBeGreaterThan(0);
    const status = readFileSync(`/proc/${made.status.pid ?? 0}/status`, 'utf8');
    expect(status).toMatch(/^Uid:\t65534\t65534\t65534\t65534$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    const variables = readFileSync(`/proc/${made.status.pid ?? 0}/environ`, 'utf8').split('\0');
    expect(variables).toContain('USER=nobody');
    expect(variables).toContain('HOME=/nonexistent');
    expect(variables.some((each) => each.startsWith('DIR='))).toBe(false);
    expect(userInfo().uid).toBe(0);
  },
);

test('files of an earlier run will do when they cannot be rendered now', () => {
  const target = (state: TargetStatus['state'], destination: string): TargetStatus => ({
    ...{ source: 's', destination, state, missing: [], queries: [], renders: 0, failures: 0 },
  });
  writeFileSync(join(dir, 'there'), '');
  const [there, gone] = [join(dir, 'there'), join(dir, 'gone')];
  expect(areThere([])).toBe(true);
  expect(areThere([target('rendered', gone), target('held', there), target('failed', there)])).toBe(true);
  expect(areThere([target('waiting', there)])).toBe(false);
  expect(areThere([target('failed', gone)])).toBe(false);
});
