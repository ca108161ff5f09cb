import { afterEach, beforeEach, expect, it } from 'vitest';
import { ask as request, NOW, startApi, STATUS, stopApi, type Fixture } from '../api/fixture.js';
import { fairlead } from './run.js';

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startApi();
});
afterEach(() => stopApi(fixture));

const run = (line: string) => fairlead(line, { env: { FAIRLEAD_ADDR: `unix:${fixture.socket}` } });
const become = (config: Partial<typeof STATUS.config>) => {
  fixture.status.current = { ...STATUS, config: { ...STATUS.config, ...config } };
};

it('waits for the outcome, and names the keys that need a restart', async () => {
  become({ reload: { at: NOW - 9000, ok: false, error: 'an old mistake' } });
  fixture.reload.run = () => {
    setImmediate(() => become({ hash: 'fff', reload: { at: NOW, ok: true }, needsRestart: ['dns.workers'] }));
  };
  expect(await run('reload')).toEqual({
    code: 0,
    stdout: 'reloaded, hash fff\n',
    stderr: '! these keys take effect after a restart: dns.workers\n',
  });
  expect((await run('status')).stdout).toMatch(/restart +needed for dns\.workers/);
});

it('ends with 78 and the mistake if the new configuration is unusable', async () => {
  fixture.reload.run = () => {
    become({ reload: { at: NOW, ok: false, error: 'fairlead.yaml:3:5: dns.ttl: is "x"' } });
  };
  expect(await run('reload')).toEqual({
    code: 78,
    stdout: '',
    stderr:
      'fairlead: the configuration was not reloaded; the old one stays in effect: fairlead.yaml:3:5: dns.ttl: is "x"\n',
  });
});

it('waits for an API that a reload moves away and back', async () => {
  fixture.reload.run = () => {
    setImmediate(() => {
      void fixture.server.stop().then(async () => {
        become({ hash: 'abc', reload: { at: NOW, ok: true } });
        await fixture.server.start();
      });
    });
  };
  expect(await run('reload')).toMatchObject({ code: 0, stdout: 'reloaded, hash abc\n' });
});

it('is a change: 202 over the socket', async () => {
  let asked = 0;
  fixture.reload.run = () => (asked += 1);
  expect(await request(fixture.socket, '/v1/reload', { method: 'POST' })).toMatchObject({
    status: 202,
    body: { now: '2026-11-21T00:00:00.000Z' },
  });
  expect(asked).toBe(1);
});
