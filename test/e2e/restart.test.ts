import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { dig, type DigAnswer } from './support/dig.js';
import { createHost, type Host } from './support/host.js';
import { composeLabels } from './support/labels.js';
import { keepLooking, sleep, until, untilEqual } from './support/poll.js';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeOnHost } from './support/requirements.js';

const WEB = 'web.bookshop.rancher.internal';

describeOnHost('the engine goes away and comes back', () => {
  describe('with live-restore', () => {
    const { host } = onHost({ liveRestore: true });

    test('names keep resolving while it is away; a container that died in the meantime is out afterwards', async () => {
      const { docker, engine, netns } = host();
      await startWebs(host(), 3);
      const before = await addressesOf(host(), 1, 2, 3);
      await untilEqual(WEB, () => answersOf(host()), before, host().patience());
      const survivors = await addressesOf(host(), 1, 2);
      const inside = await docker.inside('bookshop-web-1');
      const { Pid: doomed } = (await docker.inspect('bookshop-web-3')).State;

      const watch = watchFor(host());
      await engine.stop();
      expect(await answersOf(host())).toEqual(before);
      expect((await dig(inside, 'web')).answers).toEqual(before);
      process.kill(doomed, 'SIGKILL');
      await sleep(300);
      const status = await host().fairlead.status();
      expect(status.sources).toMatchObject([{ name: 'docker', state: 'stale' }]);
      expect(status.sources[0]?.error).toContain('docker.sock');
      await engine.start();
      await untilEqual(WEB, () => answersOf(host()), survivors, host().patience());
      expect(await watch.end()).toEqual([]);
      expect((await dig(netns, 'bookshop-web-3.rancher.internal')).answers).toEqual([]);
    });

    test('a container started right afterwards is served within the time', async () => {
      await startWebs(host(), 1);
      await untilEqual(WEB, () => answersOf(host()), await addressesOf(host(), 1), host().patience());
      await host().engine.crash();
      await host().engine.start();
      await host().docker.start('bookshop-web-2', { labels: composeLabels('bookshop', 'web', 2) });
      const both = await addressesOf(host(), 1, 2);
      await untilEqual(WEB, () => answersOf(host()), both, host().patience());
    });

    test('Fairlead started while the engine is away answers from its state, and says how old that is', async () => {
      const { engine, fairlead } = host();
      await startWebs(host(), 2);
      const before = await addressesOf(host(), 1, 2);
      await untilEqual(WEB, () => answersOf(host()), before, host().patience());
      await engine.stop();
      expect(await fairlead.stop()).toBe(0);
      await sleep(1_000);
      await fairlead.start();
      expect(await answersOf(host())).toEqual(before);
      const { sources, now } = await fairlead.status();
      expect(sources).toMatchObject([{ name: 'docker', state: 'stale' }]);
      const age = Date.parse(now) - Date.parse(sources[0]?.asOf ?? '');
      expect(age).toBeGreaterThanOrEqual(1_000);
      expect(age).toBeLessThan(60_000);
      await engine.start();
      await host().docker.remove('bookshop-web-2');
      const left = await addressesOf(host(), 1);
      await untilEqual(WEB, () => answersOf(host()), left, host().patience());
    });

    test('a killed Fairlead answers from its state too', async () => {
      const { engine, fairlead } = host();
      await startWebs(host(), 1);
      const before = await addressesOf(host(), 1);
      await untilEqual(WEB, () => answersOf(host()), before, host().patience());
      // The state is written behind the change, so that a storm of changes does not wear the disk.
      const saved = (): Promise<string> =>
        readFile(join(host().dir, 'state', 'catalog.json'), 'utf8').catch(() => '');
      // An older state has the container that the last test removed.
      const isCurrent = (text: string): boolean =>
        [...before, '"healthy"'].every((part) => text.includes(part)) && !text.includes('bookshop-web-2');
      await until('the state is saved', saved, isCurrent, host().patience());
      await engine.stop();
      await fairlead.crash();
      await fairlead.start();
      expect(await answersOf(host())).toEqual(before);
      await engine.start();
    });
  });

  describe('without live-restore', () => {
    const { host } = onHost({ liveRestore: false });

    test('a killed engine: containers keep running and names keep resolving', async () => {
      await startWebs(host(), 2);
      const before = await addressesOf(host(), 1, 2);
      await untilEqual(WEB, () => answersOf(host()), before, host().patience());
      const watch = watchFor(host());
      await host().engine.crash();
      await sleep(500);
      expect(await answersOf(host())).toEqual(before);
      expect(await watch.end()).toEqual([]);
      // On its way up it ends what it finds running.
      await host().engine.start();
      await untilTrue(host());
    });

    test('an engine stopped and started: restarted containers are served at their current addresses', async () => {
      await startWebs(host(), 2, ['--restart=always']);
      const before = await addressesOf(host(), 1, 2);
      await untilEqual(WEB, () => answersOf(host()), before, host().patience());
      await host().docker.start('gone', { labels: composeLabels('bookshop', 'web', 3) });
      await host().engine.stop();
      // Its containers were stopped with it: the service stays known, and has no task.
      expect(await dig(host().netns, WEB)).toMatchObject({ status: 'NOERROR', answers: [] });
      await host().engine.start();
      await untilTrue(host());
      expect(await answersOf(host())).toHaveLength(2);
    });
  });
});

/** A host for the cases of one `describe`. */
function onHost({ liveRestore }: { readonly liveRestore: boolean }): { readonly host: () => Host } {
  let host: Host | undefined;
  const get = (): Host => {
    if (host === undefined) throw new Error('the host is not set up');
    return host;
  };
  beforeAll(async () => {
    host = await createHost({ liveRestore });
    await host.fairlead.start();
  });
  afterEach(async () => {
    // A case that failed may have left either of them down.
    await get().engine.start();
    await get().fairlead.start();
    await get().docker.clear();
  });
  afterAll(async () => {
    await host?.close();
  });
  return { host: get };
}

async function startWebs({ docker }: Host, count: number, flags: readonly string[] = []): Promise<void> {
  for (let number = 1; number <= count; number++) {
    await docker.start(`bookshop-web-${number}`, { labels: composeLabels('bookshop', 'web', number), flags });
  }
}

const answersOf = async ({ netns }: Host): Promise<readonly string[]> => (await dig(netns, WEB)).answers;

async function addressesOf({ docker }: Host, ...numbers: number[]): Promise<string[]> {
  return (await Promise.all(numbers.map((number) => docker.address(`bookshop-web-${number}`)))).sort();
}

/** The answer is what the engine says, soon after it answers. */
async function untilTrue(host: Host): Promise<void> {
  const { docker } = host;
  const truth = async (): Promise<string[]> => {
    const ids = await docker.cli('ps', '--quiet', '--filter=label=com.docker.compose.service=web');
    return (
      await Promise.all(
        ids
          .split('\n')
          .filter(Boolean)
          .map((id) => docker.address(id)),
      )
    ).sort();
  };
  const compare = async (): Promise<unknown> => ({ engine: await truth(), fairlead: await answersOf(host) });
  const isTrue = (seen: unknown): boolean => {
    const { engine, fairlead } = seen as Record<string, string[]>;
    return String(engine) === String(fairlead);
  };
  await until('the answer is what the engine says', compare, isTrue, host.patience());
}

/** Asks all the time; tells the answers that were no good: no reply, a failure, or an empty list. */
function watchFor({ netns }: Host): { end(): Promise<readonly DigAnswer[]> } {
  const bad: DigAnswer[] = [];
  const stop = keepLooking(async () => {
    const answer = await dig(netns, WEB);
    if (answer.status !== 'NOERROR' || answer.answers.length === 0) bad.push(answer);
  });
  return {
    async end() {
      await stop();
      return bad;
    },
  };
}
