import type * as timers from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FakeConsul } from '../consul/fake-consul.js';
import { ask, askMessage, Ground } from './support.js';

/** How long a start waits for the first facts. */
const FIRST_FACTS_MS = 2000;

// That wait never ends here, so a start that waits for Consul never ends either.
vi.mock('node:timers/promises', async (load) => {
  const actual = await load<typeof timers>();
  const { setTimeout: delay } = actual;
  return {
    ...actual,
    setTimeout: (...call: Parameters<typeof delay>) =>
      call[0] === FIRST_FACTS_MS ? new Promise(() => undefined) : delay(...call),
  };
});

const ground = new Ground();

describe('while Consul has never been reached', () => {
  it('the start does not wait for it, local names are answered, and other names are not denied', async () => {
    const consul = new FakeConsul();
    await consul.up();
    onTestFinished(() => consul.down());
    // It takes the request and never answers.
    consul.fault = () => true;
    consul.put('db', 'db1', { Address: '192.0.2.9' });
    const daemon = await ground.started(ground.loaded(`sources.consul={"address":"${consul.address}"}`));
    // The first request still waits.
    const { error, state } = daemon.catalog.snapshot.sources.find(({ name }) => name === 'consul') ?? {};
    expect({ error, state }).toEqual({ error: undefined, state: 'loading' });
    const ask = async (name: string) => {
      const { rcode, answers = [] } = (await askMessage(daemon, `${name}.rancher.internal`, 'A')) as {
        rcode?: string;
        answers?: { data?: unknown }[];
      };
      return answers.length > 0 ? answers.map(({ data }) => data) : rcode;
    };

    expect(await ask('web.shop')).toEqual(['192.0.2.1']);
    expect(await ask('nothing.shop')).toBe('NXDOMAIN');
    expect(await ask('nothing')).toBe('NXDOMAIN');
    // A search list makes such names.
    expect(await ask('www.example.com')).toBe('NXDOMAIN');
    expect(await ask('db.consul')).toBe('SERVFAIL');
    expect(await ask('web.elsewhere')).toBe('SERVFAIL');

    await consul.down();
    consul.fault = () => false;
    await consul.up();
    await vi.waitFor(async () => expect(await ask('db.consul')).toEqual(['192.0.2.9']));
    expect(await ask('web.elsewhere')).toBe('NXDOMAIN');
  });
});

describe('a source of what is used', () => {
  it('has the tasks of a name in the first answer, and watches no other', async () => {
    const consul = new FakeConsul();
    await consul.up();
    onTestFinished(() => consul.down());
    consul.put('db', 'db1', { Address: '192.0.2.9' });
    consul.put('cache', 'cache1', { Address: '192.0.2.10' });
    const daemon = await ground.started(
      ground.loaded(`sources.consul={"address":"${consul.address}","services":"used"}`),
    );
    await vi.waitFor(() =>
      expect(daemon.catalog.snapshot.sources.find(({ name }) => name === 'consul')?.state).toBe('live'),
    );
    const watched = () => consul.requests.filter((each) => each.includes('/health/service/'));
    // The service of this host's own task was looked for, and Consul does not have it.
    expect(watched()).toEqual([]);
    expect(await ask(daemon, 'db.consul.rancher.internal')).toBe('192.0.2.9/5');
    expect(await ask(daemon, 'nothing.consul.rancher.internal')).toBe('NXDOMAIN');
    expect(watched().every((each) => each.includes('/health/service/db?'))).toBe(true);
    expect(watched()).not.toEqual([]);
  });

  it('has the tasks on other hosts of a service that this host has tasks of', async () => {
    const consul = new FakeConsul();
    await consul.up();
    onTestFinished(() => consul.down());
    consul.put('shop-web', 'w2', {
      Address: '192.0.2.9',
      Meta: {
        ...{ 'fairlead-owner': 'host-2', 'fairlead-task': 'w2', 'fairlead-environment': 'default' },
        ...{ 'fairlead-stack': 'shop', 'fairlead-service': 'web' },
      },
    });
    const daemon = await ground.started(
      ground.loaded(`sources.consul={"address":"${consul.address}","services":"used"}`),
    );
    await vi.waitFor(() =>
      expect(daemon.catalog.snapshot.serviceByKey('default/shop/web')?.tasks).toHaveLength(2),
    );
  });

  it('goes on with what was in use before a restart', async () => {
    const consul = new FakeConsul();
    await consul.up();
    onTestFinished(() => consul.down());
    consul.put('db', 'db1', { Address: '192.0.2.9' });
    const config = ground.loaded(`sources.consul={"address":"${consul.address}","services":"used"}`);
    const first = await ground.started(config);
    await vi.waitFor(async () => expect(await ask(first, 'db.consul.rancher.internal')).toBe('192.0.2.9/5'));
    await ground.running.pop()?.stop();
    const requests = consul.requests.length;
    const second = await ground.started(config);
    await vi.waitFor(() =>
      expect(consul.requests.slice(requests).join(' ')).toContain('/health/service/db?'),
    );
    await vi.waitFor(() =>
      expect(second.catalog.snapshot.sources.find(({ name }) => name === 'consul')?.state).toBe('live'),
    );
    expect(second.catalog.snapshot.serviceByKey('default/consul/db')?.tasks).toHaveLength(1);
  });
});
