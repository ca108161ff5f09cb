import { afterEach, expect, it } from 'vitest';
import { load, startApi, stopApi, task, type Fixture } from '../api/fixture.js';
import { fairlead } from './run.js';

let fixture: Fixture;
afterEach(() => stopApi(fixture));

/** Watches while the script of the test acts: an entry is run when its text has been written; the last one ends it. */
async function watched(line: string, script: readonly (readonly [text: string, act: () => unknown])[]) {
  let at = 0;
  const seen = (text: string): void => {
    const step = script[at];
    if (!step || !text.includes(step[0])) return;
    at += 1;
    void step[1]();
    // Watching has no end of its own; a fault ends it.
    if (at === script.length) throw new Error('enough');
  };
  let stdout = '';
  const ran = await fairlead(line, {
    env: { FAIRLEAD_ADDR: `unix:${fixture.socket}` },
    onStdout: (text) => seen((stdout += text)),
    onStderr: (text) => {
      if (!text.includes('enough')) seen(text);
    },
  });
  expect(at).toBe(script.length);
  return ran;
}

it('services --watch prints a line for each change of state, even when the stream restarts', async () => {
  fixture = await startApi();
  load(fixture);
  const ran = await watched('services --watch --stack shop', [
    ['watching 3 services', () => fixture.sink.update({ tasks: [task('new', 'new_1', '10.42.0.80')] })],
    [
      '-> 2 healthy',
      async () => {
        await fixture.server.stop();
        fixture.sink.update({ removedTasks: ['new'] });
        await fixture.server.start();
      },
    ],
    ['2 healthy, 1 unhealthy, 1 stopped -> 1 healthy', () => undefined],
  ]);
  expect(ran.stdout).toMatch(
    /^2026-11-21T00:00:00\.000Z {2}web\.shop +1 healthy, 1 unhealthy, 1 stopped -> 2 healthy, 1 unhealthy, 1 stopped\n/,
  );
  expect(ran.stderr).toContain('waiting for it');
});

it('tasks --watch prints an object for each change of health, for the selected tasks', async () => {
  fixture = await startApi();
  load(fixture);
  const ran = await watched('tasks -w --service web -o ndjson', [
    [
      'watching 3 tasks',
      () =>
        fixture.sink.update({
          tasks: [
            task('new', 'new_1', '10.42.0.80', { health: 'draining', reason: 'stop signal 15 sent' }),
            task('other', 'other_1', '10.42.0.81', {}, false),
          ],
        }),
    ],
    ['draining', () => fixture.sink.update({ removedTasks: ['new'] })],
    ['"before":"draining"', () => undefined],
  ]);
  const lines = ran.stdout.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    {
      id: 'new',
      name: 'new_1',
      after: 'draining',
      reason: 'stop signal 15 sent',
      service: { service: 'web' },
    },
    { id: 'new', before: 'draining' },
  ]);
});

it('ends if the daemon is not there at the start', async () => {
  fixture = await startApi();
  await fixture.server.stop();
  const env = { FAIRLEAD_ADDR: `unix:${fixture.socket}` };
  expect(await fairlead('services --watch', { env })).toMatchObject({ code: 69, stdout: '' });
});
