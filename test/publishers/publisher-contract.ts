import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { FactSink } from '../../src/catalog/facts.js';
import type { Publisher, PublisherStatus } from '../../src/catalog/publisher.js';
import { ref, taskFact } from '../support/facts.js';

/** A registry, as the contract sees it. */
export interface RegistryWorld {
  /** A publisher to this registry that is not started. */
  create(): Publisher;
  /** What the registry has of this host, by task: `web 172.17.0.2:80`, sorted. */
  entries(): Promise<string[]> | string[];
  /** Something else removes what was published. */
  lose(): Promise<void> | void;
  away(): Promise<void> | void;
  back(): Promise<void> | void;
  /** How many writes the registry has taken. */
  writes(): number;
  close(): Promise<void> | void;
}

/** The node whose tasks are published. */
export const publishingNode = { id: '5f0c7c1e-0000-4000-8000-000000000001', name: 'alpha' };

/** What every publisher does, whatever it writes to. */
export function describePublisher(name: string, open: () => Promise<RegistryWorld>): void {
  describe(`the contract of publishers: ${name}`, () => {
    let world: RegistryWorld;
    let catalog: Catalog;
    let facts: FactSink;
    let statuses: PublisherStatus[];
    let started: Publisher[];

    beforeEach(async () => {
      world = await open();
      catalog = new Catalog();
      facts = catalog.sink('docker', undefined, { node: publishingNode.id });
      facts.status({ state: 'live' });
      statuses = [];
      started = [];
    });
    afterEach(async () => {
      for (const publisher of started) await publisher.stop();
      await world.close();
    });

    const task = (id: string, ip: string) =>
      taskFact(id, {
        service: ref(`${id}.shop`),
        ip,
        network: 'bridge',
        node: publishingNode,
        ports: [{ port: 80, protocol: 'tcp', target: 80 }],
      });
    const start = async () => {
      const publisher = world.create();
      started.push(publisher);
      await publisher.start(catalog, { status: (status) => statuses.push(status) });
      return publisher;
    };
    const has = async (...expected: string[]) => {
      while (JSON.stringify(await world.entries()) !== JSON.stringify(expected)) await turn();
    };
    const is = async (state: string) => {
      while (statuses.at(-1)?.state !== state) await turn();
    };

    it('publishes what is there, and each change', async () => {
      facts.replace({ tasks: [task('a', '10.1.0.1')] });
      await start();
      await has('a 10.1.0.1:80');
      await is('live');
      facts.update({ tasks: [task('b', '10.1.0.2')] });
      await has('a 10.1.0.1:80', 'b 10.1.0.2:80');
      facts.update({ tasks: [task('a', '10.1.0.9')], removedTasks: ['b'] });
      await has('a 10.1.0.9:80');
    });

    it('counts no failure while all is well', async () => {
      facts.replace({ tasks: [task('a', '10.1.0.1')] });
      const publisher = await start();
      await is('live');
      expect(publisher.failures).toBe(0);
    });

    it('writes nothing for what the registry has already', async () => {
      facts.replace({ tasks: [task('a', '10.1.0.1')] });
      const first = await start();
      await has('a 10.1.0.1:80');
      await first.stop();
      const before = world.writes();
      statuses.length = 0;
      await start();
      await is('live');
      expect(world.writes()).toBe(before);
    });

    it('leaves its entries when it stops, and removes outdated ones when it starts again', async () => {
      facts.replace({ tasks: [task('a', '10.1.0.1'), task('b', '10.1.0.2')] });
      const first = await start();
      await has('a 10.1.0.1:80', 'b 10.1.0.2:80');
      await first.stop();
      facts.update({ removedTasks: ['b'] });
      expect(await world.entries()).toEqual(['a 10.1.0.1:80', 'b 10.1.0.2:80']);
      await start();
      await has('a 10.1.0.1:80');
    });

    it('publishes again what the registry lost', async () => {
      facts.replace({ tasks: [task('a', '10.1.0.1')] });
      await start();
      await has('a 10.1.0.1:80');
      await world.lose();
      await has('a 10.1.0.1:80');
    });

    it('starts while the registry is unreachable, says why in one line, and catches up when it is back', async () => {
      facts.replace({ tasks: [task('a', '10.1.0.1')] });
      await world.away();
      const publisher = await start();
      expect(publisher.failures).toBeGreaterThan(0);
      expect(statuses.at(-1)).toMatchObject({
        state: 'loading',
        error: expect.stringMatching(/^[^\n]+$/) as string,
      });
      facts.update({ tasks: [task('b', '10.1.0.2')] });
      await world.back();
      await has('a 10.1.0.1:80', 'b 10.1.0.2:80');
      await is('live');
    });

    it('says since when its entries may be outdated while the registry is unreachable', async () => {
      facts.replace({ tasks: [task('a', '10.1.0.1')] });
      await start();
      await has('a 10.1.0.1:80');
      await is('live');
      await world.away();
      facts.update({ tasks: [task('a', '10.1.0.9')] });
      await is('stale');
      expect(statuses.at(-1)).toMatchObject({ asOf: expect.any(Number) as number });
      await world.back();
      await has('a 10.1.0.9:80');
      await is('live');
    });

    it('writes nothing more once it has stopped', async () => {
      facts.replace({ tasks: [task('a', '10.1.0.1')] });
      const publisher = await start();
      await has('a 10.1.0.1:80');
      await publisher.stop();
      const before = [world.writes(), statuses.length];
      facts.update({ tasks: [task('c', '10.1.0.3')] });
      await turn();
      await publisher.stop();
      expect([world.writes(), statuses.length]).toEqual(before);
    });
  });
}
