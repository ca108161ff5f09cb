import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Demand } from '../../../src/catalog/demand.js';
import { systemQueryTimers } from '../../../src/consul/blocking-query.js';
import { createConsulSource } from '../../../src/sources/consul/consul-source.js';
import { FakeConsul } from '../../consul/fake-consul.js';
import { ref } from '../../support/facts.js';
import { MemorySink } from '../docker/memory-sink.js';

const mark = (stack: string, service: string, id: string) => ({
  'fairlead-owner': 'host-2',
  'fairlead-host': 'beta',
  'fairlead-task': id,
  'fairlead-name': id,
  'fairlead-environment': 'default',
  'fairlead-stack': stack,
  'fairlead-service': service,
});

describe('a Consul source that watches what is used', () => {
  let consul: FakeConsul;
  let demand: Demand;
  let sink: MemorySink;
  let stops: (() => Promise<void>)[];
  /** By how much the clock was put forward. */
  let later = 0;

  beforeEach(async () => {
    consul = new FakeConsul();
    await consul.up();
    demand = new Demand();
    sink = new MemorySink();
    stops = [];
    later = 0;
  });
  afterEach(async () => {
    for (const stop of stops) await stop();
    await consul.down();
  });

  const start = async () => {
    const source = createConsulSource({
      consul: { address: consul.address },
      services: 'used',
      ...{ environment: 'default', stack: 'consul', demand },
      pace: { refill: 1, poll: 600_000 },
      timers: { ...systemQueryTimers, now: () => systemQueryTimers.now() + later },
    });
    stops.push(() => source.stop());
    await source.start(sink);
  };
  const names = () => [...sink.tasks.values()].map(({ name }) => name).sort();
  const asked = () =>
    [...new Set(consul.requests.map((each) => /health\/service\/([^?]*)/.exec(each)?.[1]))]
      .filter((name) => name !== undefined)
      .sort();

  it('watches nothing until something is used, and then that alone', async () => {
    for (const name of ['web', 'db', 'cache']) consul.put(name, `${name}1`, { Address: '192.0.2.9' });
    await start();
    expect(sink.state).toBe('live');
    expect([names(), asked()]).toEqual([[], []]);
    await demand.use(ref('web.consul'));
    expect([names(), asked()]).toEqual([['web1'], ['web']]);
    expect(sink.statuses.at(-1)?.detail).toMatch(/, 1 of 4 services$/);
    // It is followed from now on, without being asked for again.
    consul.put('web', 'web2', { Address: '192.0.2.10' });
    await sink.until(() => names().length === 2);
    expect(demand.use(ref('web.consul'))).toBeUndefined();
  });

  it('finds what Fairlead publishes, under every name that it may have', async () => {
    consul.put('shop-web', 'a', { Meta: mark('shop', 'web', 'a') });
    consul.put('shop-web-443', 'b', { Meta: mark('shop', 'web', 'b') });
    consul.put('front', 'c', { Meta: mark('shop', 'web', 'c'), Tags: ['v1', 'fairlead-service=shop/web'] });
    consul.put('db', 'd', { Meta: mark('default', 'db', 'd') });
    consul.put('shop-webmail', 'e', { Meta: mark('shop', 'webmail', 'e') });
    await start();
    await demand.use(ref('web.shop'));
    expect(names()).toEqual(['a', 'b', 'c']);
    await demand.use(ref('db.default'));
    expect(names()).toEqual(['a', 'b', 'c', 'd']);
    expect([...sink.tasks.values()].map(({ labels }) => labels['consul.tags'])).toContain('v1');
  });

  it('watches what was used before it started, before it reports', async () => {
    consul.put('web', 'web1');
    void demand.use(ref('web.consul'));
    await start();
    expect([sink.replaced, names()]).toEqual([1, ['web1']]);
  });

  it('does not watch a name that Consul does not have, and looks for it when it is asked for again', async () => {
    consul.put('web', 'web1');
    await start();
    const lists = () => consul.count(/catalog\/services/);
    expect(lists()).toBe(1);
    // The list was just read.
    expect(demand.use(ref('late.consul'))).toBeUndefined();
    consul.put('late', 'late1');
    later += 5000;
    // The stack is a top-level domain: the name is probably one of the Internet.
    expect(demand.use(ref('example.com'), 'unlikely')).toBeUndefined();
    expect([lists(), asked()]).toEqual([1, []]);
    await demand.use(ref('late.consul'));
    expect([lists(), asked(), names()]).toEqual([2, ['late'], ['late1']]);
  });

  it('follows a service that gets a second port, and so other names', async () => {
    consul.put('shop-web', 'a', { Meta: mark('shop', 'web', 'a') });
    await start();
    await demand.use(ref('web.shop'));
    expect(names()).toEqual(['a']);
    consul.put('shop-web-80', 'b', { Meta: mark('shop', 'web', 'b') });
    consul.put('shop-web-443', 'b2', { Meta: mark('shop', 'web', 'b'), Port: 443 });
    consul.remove('a');
    await sink.until(() => names().join() === 'b' && sink.named('b')?.ports.length === 2);
  });

  it('takes a name of the registry, as templates write it, or that of a service of any stack', async () => {
    consul.put('shop-web-80', 'a', { Meta: mark('shop', 'web', 'a') });
    consul.put('blog-web', 'b', { Meta: mark('blog', 'web', 'b') });
    consul.put('front', 'c', { Meta: mark('till', 'web', 'c'), Tags: ['fairlead-service=till/web'] });
    consul.put('cobweb', 'd');
    await start();
    await demand.useRegistered('shop-web');
    expect(names()).toEqual(['a']);
    await demand.useRegistered('web');
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  it('does not read what another environment uses', async () => {
    consul.put('web', 'web1');
    await start();
    expect(demand.use({ environment: 'test', stack: 'consul', service: 'web' })).toBeUndefined();
    expect(asked()).toEqual([]);
  });

  it('lets no query wait while Consul is away, and reads what was used meanwhile once it is back', async () => {
    consul.put('web', 'web1');
    consul.put('db', 'db1');
    await start();
    await demand.use(ref('web.consul'));
    await consul.down();
    await sink.until(() => sink.state === 'stale');
    expect(demand.use(ref('db.consul'))).toBeUndefined();
    expect(names()).toEqual(['web1']);
    await consul.up();
    await sink.until(() => names().length === 2);
  });

  it('lets no query wait longer than a second for an answer that does not come', async () => {
    consul.put('web', 'web1');
    await start();
    consul.fault = (request) => request.url?.includes('/health/') === true;
    await demand.use(ref('web.consul'));
    expect(names()).toEqual([]);
    consul.fault = () => false;
  });

  it('forgets a service that Consul has no more', async () => {
    consul.put('web', 'web1');
    consul.put('db', 'db1');
    await start();
    await demand.use(ref('web.consul'));
    consul.remove('web1');
    await sink.until(
      () => names().length === 0 && /0 of 2 services$/.test(sink.statuses.at(-1)?.detail ?? ''),
    );
  });

  it('ends every wait when it stops', async () => {
    consul.put('web', 'web1');
    await start();
    consul.fault = (request) => request.url?.includes('/health/') === true;
    const waiting = demand.use(ref('web.consul'));
    expect(waiting).toBeInstanceOf(Promise);
    await stops.pop()?.();
    await waiting;
    expect(demand.matters).toBe(false);
  });
});
