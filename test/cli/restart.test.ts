import { afterEach, beforeEach, expect, it } from 'vitest';
import { ask as request, NOW, startApi, STATUS, stopApi, type Fixture } from '../api/fixture.js';
import { fairlead } from './run.js';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startApi();
});
afterEach(() => stopApi(fixture));

const run = (line: string) => fairlead(line, { env: { FAIRLEAD_ADDR: `unix:${fixture.socket}` } });

it('waits for the successor, while the API goes from one process to the other', async () => {
  fixture.restart.run = () => {
    void fixture.server.stop().then(async () => {
      fixture.status.current = { ...STATUS, pid: STATUS.pid + 1 };
      await fixture.server.start();
    });
  };
  expect(await run('restart')).toEqual({
    code: 0,
    stdout: `restarted: pid ${STATUS.pid + 1}, version ${STATUS.version}\n`,
    stderr: '',
  });
});

it('says why there was none, and not why an earlier one failed', async () => {
  fixture.status.current = { ...STATUS, restart: { at: NOW - 1000, error: 'an old fault' } };
  fixture.restart.run = () => {
    fixture.status.current = { ...STATUS, restart: { at: NOW, error: 'the successor ended (exit code 78)' } };
  };
  expect(await run('restart')).toEqual({
    code: 1,
    stdout: '',
    stderr: `fairlead: there was no restart, pid ${STATUS.pid} goes on: the successor ended (exit code 78)\n`,
  });
});

it('is a change: 202 over the socket', async () => {
  let asked = 0;
  fixture.restart.run = () => (asked += 1);
  expect(await request(fixture.socket, '/v1/restart', { method: 'POST' })).toMatchObject({
    status: 202,
    body: { now: '2026-11-21T00:00:00.000Z' },
  });
  await expect.poll(() => asked).toBe(1);
  expect((await request(fixture.socket, '/v1/restart?x=1', { method: 'POST' })).status).toBe(400);
});
