import { expect, it } from 'vitest';
import { Client, exchange, named, until } from '../peer.js';
import { setUpProxy } from '../proxy-setup.js';
import { describeTcp } from './tcp-implementations.js';

const HOUR_MS = 3_600_000;

describeTcp(
  'affinity',
  (implementation) => {
    const { peer, serve } = setUpProxy(99, implementation);

    it('lasts while the client address has a connection open, and then for the timeout', async () => {
      const tasks = [await peer(named('a')), await peer(named('b')), await peer(named('c'))];
      const { vip, clock, counters } = await serve(
        tasks.map(({ address }) => address),
        { scheduler: 'rr', affinity: { timeout: 60 } },
      );
      const task = async (from: string) => (await exchange(vip, '', from)).text;
      const open = new Client(vip, '127.0.0.7');
      const first = await open.got(2);
      expect(await task('127.0.0.8')).not.toBe(first);
      clock.ahead = HOUR_MS;
      expect(await task('127.0.0.7')).toBe(first);
      open.end();
      await open.over;
      await until(async () => (await counters()).active === 0);
      clock.ahead += 30_000;
      expect(await task('127.0.0.7')).toBe(first);
      clock.ahead += HOUR_MS;
      // In turn: "b" was the last before it.
      expect(await task('127.0.0.7')).not.toBe(first);
    });
  },
  { clock: true },
);
