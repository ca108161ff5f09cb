import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, CONTAINER_ID, load, startApi, stopApi, VIPS, type Fixture } from './fixture.js';

let fixture: Fixture;
const get = async (path: string) => (await ask(fixture.socket, path)).body;

beforeEach(async () => {
  fixture = await startApi();
  load(fixture);
  fixture.vips.list = VIPS;
});
afterEach(() => stopApi(fixture));

describe('the list of virtual IPs', () => {
  it('contains every port, with its tasks and their counters', async () => {
    const { vips, ...head } = (await get('/v1/vips')) as { vips: { port: number }[] };
    expect(head).toEqual({ revision: fixture.catalog.snapshot.revision, now: '2026-11-21T00:00:00.000Z' });
    expect(vips.map(({ port }) => port)).toEqual([53, 80]);
    expect(vips[0]).not.toHaveProperty('settings');
    expect(vips[0]).toMatchObject({ state: 'down', problem: VIPS[1]?.problem, tasks: [] });
    expect(vips[1]).toMatchObject({
      environment: 'default',
      stack: 'shop',
      service: 'web',
      key: 'default/shop/web',
      name: 'web.shop',
      vip: '10.43.7.1',
      protocol: 'tcp',
      scheduler: 'wrr',
      settings: VIPS[0]?.settings,
      state: 'up',
      ...{ active: 3, total: 120, bytesIn: 2048, bytesOut: 5_000_000, refused: 1, failed: 2, retried: 4 },
      connects: { bounds: [0.5, 10], counts: [100, 15, 3], sum: 240 },
      tasks: [
        {
          id: CONTAINER_ID,
          name: 'shop_web_1',
          address: '10.42.0.11:80',
          weight: 1,
          state: 'active',
          active: 3,
        },
        { name: 'shop_web_2', maxConnections: 10, state: 'draining', errors: 4 },
      ],
    });
  });

  it.each([
    ['stack=shop&service=web', 2],
    ['stack=other', 0],
    ['environment=default', 2],
  ])('is filtered by %s', async (query, count) => {
    expect((await get(`/v1/vips?${query}`)).vips).toHaveLength(count);
  });

  it('omits what the catalog no longer contains', async () => {
    fixture.vips.list = VIPS.map((vip) => ({ ...vip, service: 'default/shop/gone' }));
    expect((await get('/v1/vips')).vips).toEqual([]);
  });
});

it('the status names the data plane, and what cannot be served is a problem', async () => {
  const status = await get('/v1/status');
  expect(status.vips).toEqual({
    ...{ plane: 'proxy', pool: '10.43.0.0/16', services: 0, carrier: fixture.vips.carrier },
    carried: { active: 3, total: 120, bytesIn: 2048, bytesOut: 5_000_000, refused: 1, failed: 2, retried: 4 },
    connects: { bounds: [0.5, 10], counts: [100, 15, 3], sum: 240 },
  });
  const problem = { code: 'vip-not-served', subject: 'virtual IP 10.43.7.1:53/udp' };
  expect(status.problems).toMatchObject([{ code: 'label-invalid' }, problem]);
  expect((await get('/v1/problems')).problems).toMatchObject([{ code: 'label-invalid' }, problem]);
});
