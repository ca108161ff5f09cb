import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { faults } from './fake-engine.js';
import { impatient, timing, useHarness } from './harness.js';

const on = useHarness();
const compose = { 'com.docker.compose.project': 'shop', 'com.docker.compose.service': 'web' };

describe('the first sync', () => {
  it('reports everything at once, inspects no stopped container, and is live', async () => {
    on.engine.model.run('shop_web_1', { labels: compose, published: { '80/tcp': 8080 } });
    const gone = on.engine.model.run('shop_web_2', { labels: compose });
    on.engine.model.die(gone, 3);
    on.engine.forget();
    await on.started();
    expect([on.sink.replaced, on.sink.updates]).toEqual([1, []]);
    expect(on.sink.picture).toEqual(['shop_web_1 healthy 172.17.0.2', 'shop_web_2 stopped']);
    expect(on.sink.named('shop_web_2')).toMatchObject({
      reason: 'exited with code 3',
      service: { stack: 'shop', service: 'web' },
    });
    expect(on.engine.inspected()).toHaveLength(1);
    expect([...on.sink.networks.values()].map(({ name, gateways }) => [name, gateways])).toEqual([
      ['bridge', ['172.17.0.1']],
      ['shop_net', ['10.9.1.1']],
    ]);
    expect(on.sink.statuses).toEqual([
      {
        state: 'live',
        asOf: expect.any(Number) as number,
        detail: `unix://${on.engine.socket}, Engine 20.10.24 (API 1.41)`,
      },
    ]);
    expect(on.engine.requests.indexOf('/events')).toBeLessThan(
      on.engine.requests.indexOf('/containers/json'),
    );
  });

  it('reports the services that port names define, and removes them with their containers', async () => {
    const labels = { SERVICE_80_NAME: 'web', SERVICE_443_NAME: 'tls' };
    const run = on.engine.model.run('x', { labels, published: { '80/tcp': 8080, '443/tcp': 8443 } });
    await on.started();
    expect([...on.sink.services.keys()]).toEqual(['default/default/tls']);
    on.engine.model.die(run, 0);
    on.engine.model.destroy(run);
    await on.sink.until(() => on.sink.services.size === 0);
  });

  it('pins the API to a version that both support, and again after an upgrade', async () => {
    on.engine.model.run('web');
    await on.started();
    Object.assign(on.engine.model, { apiVersion: '1.52', engineVersion: '29.0.0' });
    await on.engine.down();
    await on.engine.up();
    await on.sink.until(() => on.sink.statuses.at(-1)?.detail?.includes('Engine 29.0.0 (API 1.47)') === true);
    expect([...on.engine.versions]).toEqual(['1.41', '1.47']);
    await on.shows('web healthy 172.17.0.2');
  });

  it.each([
    ['an engine that is too old', '1.40', /API 1\.40 is older than 1\.41; upgrade/],
    ['something else than an engine', 'x', /reports no API version/],
  ])('refuses %s with one line', async (_what, apiVersion, message) => {
    on.engine.model.apiVersion = apiVersion;
    await on.started();
    expect(on.sink.statuses.at(-1)).toMatchObject({
      state: 'loading',
      error: expect.stringMatching(message) as string,
    });
  });

  it('happens later when the engine appears, and says why in the meantime', async () => {
    await on.engine.down();
    await on.started();
    expect(on.sink.statuses).toMatchObject([
      {
        state: 'loading',
        error: expect.stringContaining('the socket does not exist; start Docker') as string,
      },
    ]);
    expect(on.sink.replaced).toBe(0);
    on.engine.model.run('web');
    await on.engine.up();
    await on.shows('web healthy 172.17.0.2');
    expect(on.sink.state).toBe('live');
  });

  it('says what a path that is not a socket is', async () => {
    const socket = join(on.folder, 'file');
    writeFileSync(socket, '');
    await on.started({ socket });
    expect(on.sink.statuses.at(-1)?.error).toMatch(/nothing listens on the socket|the file is not a socket/);
  });

  it('does not delay the start when the engine does not answer', async () => {
    on.engine.faults.set('/_ping', faults.hang);
    await on.started({ timing: { ...timing, call: 20 } });
    expect(on.sink.statuses.at(-1)).toMatchObject({
      state: 'loading',
      error: expect.stringContaining('has not answered yet') as string,
    });
  });
});

describe('the engine goes away', () => {
  it('the last facts stay, and the list shows what happened in the meantime', async () => {
    const web = on.engine.model.run('web');
    const gone = on.engine.model.run('gone');
    on.engine.model.run('stays');
    await on.started();
    await on.engine.down();
    await on.sink.until(() => on.sink.state === 'stale');
    expect(on.sink.picture).toEqual([
      'gone healthy 172.17.0.3',
      'stays healthy 172.17.0.4',
      'web healthy 172.17.0.2',
    ]);
    expect(on.sink.statuses.at(-1)).toMatchObject({
      asOf: expect.any(Number) as number,
      error: expect.stringContaining('connecting again') as string,
    });
    on.engine.deliver = () => [];
    on.engine.model.die(web, 1);
    on.engine.model.destroy(gone);
    on.engine.model.run('new');
    on.engine.deliver = (event) => [event];
    await on.engine.up();
    await on.shows('new healthy 172.17.0.2', 'stays healthy 172.17.0.4', 'web stopped');
    await on.sink.until(() => on.sink.state === 'live');
    on.engine.model.run('after');
    await on.sink.until(() => on.sink.named('after')?.health === 'healthy');
  });

  it.each<[string, () => void]>([
    ['the stream ends', () => on.engine.endStreams()],
    ['the stream ends in the middle of a line', () => on.engine.endStreams('{"Type":"cont')],
    ['pings fail', () => on.engine.faults.set('/_ping', faults.serverError)],
    ['pings hang', () => on.engine.faults.set('/_ping', faults.hang)],
    ['the list fails', () => on.engine.faults.set('/containers/json', faults.serverError)],
    ['the list is garbage', () => on.engine.faults.set('/containers/json', faults.garbage)],
  ])('it is stale and then live again: %s', async (_what, fail) => {
    on.engine.model.run('web');
    await on.started({ resyncMs: 50, timing: { ...impatient, ping: 50 } });
    fail();
    await on.sink.until(() => on.sink.state === 'stale');
    on.engine.faults.clear();
    await on.sink.until(() => on.sink.state === 'live');
    expect(on.sink.picture).toEqual(['web healthy 172.17.0.2']);
    on.engine.model.run('after');
    await on.sink.until(() => on.sink.named('after')?.health === 'healthy');
  });

  it('a resync repairs what lost events left', async () => {
    const web = on.engine.model.run('web');
    const other = on.engine.model.run('other');
    on.engine.forget();
    await on.started({ resyncMs: 50 });
    on.engine.deliver = () => [];
    on.engine.model.die(web, 1);
    on.engine.model.rename(other, 'another');
    on.engine.model.run('new');
    await on.shows('another healthy 172.17.0.3', 'new healthy 172.17.0.2', 'web stopped');
    expect(new Set(on.sink.causes)).toEqual(new Set(['resync']));
  });

  it('unreadable networks do not prevent other containers from being served', async () => {
    on.engine.model.run('web');
    on.engine.faults.set('/networks', faults.serverError);
    await on.started();
    expect(on.sink.picture).toEqual(['web healthy 172.17.0.2']);
  });
});

describe('the end', () => {
  it.each<[string, () => void]>([
    ['when live', () => undefined],
    ['in the middle of inspecting', () => on.engine.faults.set('/containers/', faults.hang)],
    ['in the middle of listing', () => on.engine.faults.set('/containers/json', faults.hang)],
    ['in the middle of connecting', () => on.engine.faults.set('/_ping', faults.hang)],
  ])('leaves nothing behind and reports nothing more: %s', async (_what, fail) => {
    on.engine.model.run('web');
    fail();
    const one = on.source();
    const start = one.start(on.sink);
    await vi.waitFor(() => expect(on.engine.requests.length).toBeGreaterThan(0));
    await one.stop();
    await start;
    const told = [on.sink.replaced, on.sink.updates.length, on.sink.statuses.length];
    on.engine.faults.clear();
    on.engine.model.run('after');
    await vi.waitFor(() => expect(on.engine.watchers).toBe(0));
    expect([on.sink.replaced, on.sink.updates.length, on.sink.statuses.length]).toEqual(told);
  });

  it('comes at once while the engine is away', async () => {
    await on.engine.down();
    const one = on.source({ timing: { ...timing, minBackoff: 60_000, maxBackoff: 60_000 } });
    await one.start(on.sink);
    await one.stop();
    expect(on.sink.state).toBe('loading');
  });
});
