import { afterEach, expect, it } from 'vitest';
import { load, startApi, stopApi, task, type Fixture } from '../api/fixture.js';
import { fairlead } from './run.js';

let fixture: Fixture;
afterEach(() => stopApi(fixture));
const env = () => ({ FAIRLEAD_ADDR: `unix:${fixture.socket}` });

it('prints the trail in columns, or as one object per line', async () => {
  fixture = await startApi();
  load(fixture);
  const all = await fairlead('events', { env: env() });
  expect(all.code).toBe(0);
  expect(all.stdout).toMatch(
    /^2026-11-21T00:00:00\.000Z {2}task\.added +shop_web_1 +web\.shop, healthy, 10\.42\.0\.11\n/m,
  );
  const last = await fairlead('events -n 2 -o json', { env: env() });
  const seqs = last.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { seq: number }).seq);
  expect(seqs).toEqual([all.stdout.trim().split('\n').length - 1, all.stdout.trim().split('\n').length]);
  expect((await fairlead('events -n many', { env: env() })).code).toBe(2);
});

it('continues after the daemon was away, without losing or repeating an event', async () => {
  fixture = await startApi();
  load(fixture);
  const seen: number[] = [];
  const notices: string[] = [];
  let state: 'first' | 'away' | 'back' = 'first';
  const following = fairlead('events -f -o json', {
    env: env(),
    onStdout: (text) => {
      seen.push((JSON.parse(text) as { seq: number }).seq);
      if (state === 'first' && seen.length === 3) {
        state = 'away';
        void fixture.server.stop().then(async () => {
          fixture.sink.update({ tasks: [task('new', 'new_1', '10.42.0.80')] });
          await fixture.server.start();
          state = 'back';
        });
      }
      // Following has no end of its own; a fault ends it.
      if (state === 'back' && seen.at(-1) === fixture.catalog.events().length) throw new Error('enough');
    },
    onStderr: (text) => notices.push(text),
  });
  expect((await following).code).toBe(1);
  expect(seen).toEqual(fixture.catalog.events().map(({ seq }) => seq));
  expect(notices.join('')).toContain('waiting for it');
});
