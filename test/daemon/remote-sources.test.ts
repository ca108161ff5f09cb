import type * as timers from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { FakeConsul } from '../consul/fake-consul.js';
import { askMessage, Ground } from './support.js';

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
