import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { HostPool } from '../../../src/balancer/proxy/host-pool.js';
import { proxyPlaneSpec } from '../../../src/balancer/proxy/proxy-plane.js';
import { recordedLog } from '../../support/recorded-log.js';
import { FakeHost } from './fake-host.js';

const POOL = '10.43.0.0/16';

let host: FakeHost;
let warned: string[];
let pool: HostPool;

beforeEach(() => {
  host = new FakeHost();
  warned = [];
  pool = new HostPool(host, recordedLog(warned));
});

describe('the pool of virtual IPs on this host', () => {
  it('is made local, and released', async () => {
    expect(await pool.use(POOL)).toBe(true);
    expect(pool.leads).toBe(true);
    expect(host.done.splice(0)).toEqual([`route ${POOL}`, `rules ${POOL}`]);
    await pool.use(undefined);
    expect(host.done.splice(0)).toEqual([`no rules ${POOL}`, `no route ${POOL}`]);
    await pool.use(undefined);
    expect(host.done).toEqual([]);
  });

  it('keeps a route that an operator has set', async () => {
    host.hasRoute = true;
    await pool.use(POOL);
    await pool.use(undefined);
    expect(host.done).toEqual([`rules ${POOL}`, `no rules ${POOL}`]);
  });

  it('has its route restored with its rules, and removes it once', async () => {
    host.hasRoute = true;
    await pool.use(POOL);
    [host.done, host.hasRoute] = [[], false];
    await pool.lead([]);
    await pool.lead([]);
    const led = [`rules ${POOL}`, `route ${POOL}`];
    expect(host.done.splice(0)).toEqual([...led, ...led]);
    await pool.use(undefined);
    expect(host.done).toEqual([`no rules ${POOL}`, `no route ${POOL}`]);
  });

  it('of IPv6 allows sockets to bind to it, and restores the kernel setting afterwards', async () => {
    await pool.use('fd00:43::/112');
    expect(host.done.splice(0)).toEqual(['bind', 'route fd00:43::/112', 'rules fd00:43::/112']);
    host.isAllowed = true;
    await pool.use('fd00:44::/112');
    expect(host.done).not.toContain('no bind');
    await pool.use(POOL);
    await pool.use(undefined);
    expect(host.done.filter((each) => each === 'no bind')).toEqual(['no bind']);
    host.done = [];
    await pool.use('fd00:43::/112');
    await pool.use(undefined);
    expect(host.done).not.toContain('no bind');
  });

  it('replaces another pool and its rules', async () => {
    await pool.use(POOL);
    host.done = [];
    await pool.use('10.99.0.0/16');
    expect(host.done).toEqual(['route 10.99.0.0/16', 'rules 10.99.0.0/16', `no route ${POOL}`]);
  });

  it('removes the rules of another pool when it has none itself', async () => {
    await pool.use(POOL);
    host.done = [];
    await pool.use('127.43.0.0/16');
    expect(host.done).toEqual([`no rules ${POOL}`, `no route ${POOL}`]);
  });

  it('is not touched when it is already in use', async () => {
    await pool.use(POOL);
    host.done = [];
    expect(await pool.use(POOL)).toBe(false);
    expect(host.done).toEqual([]);
  });

  it('of loopback needs nothing', async () => {
    await pool.use('127.43.0.0/16');
    await pool.lead([]);
    expect(pool.leads).toBe(false);
    expect(host.done).toEqual([]);
  });

  it.each([`route ${POOL}`, `rules ${POOL}`])('is abandoned completely when "%s" fails', async (what) => {
    host.refuses = what;
    await expect(pool.use(POOL)).rejects.toThrow(`${what}: no right`);
    expect(pool.leads).toBe(false);
    host.refuses = undefined;
    await pool.use(POOL);
    await pool.use(undefined);
    expect(host.done.slice(-2)).toEqual([`no rules ${POOL}`, `no route ${POOL}`]);
    expect(warned.filter((line) => !line.startsWith('added the local route'))).toEqual([]);
  });
});

describe('the rules of the pool', () => {
  it('are watched as long as there is a pool, and again when the watch has ended by itself', async () => {
    await pool.use(POOL);
    await pool.lead([]);
    expect(host.kept.filter((each) => each === 'watch')).toHaveLength(1);
    host.endWatch?.();
    // Not at each change: where there can be no watch, it would be tried for nothing.
    await pool.lead([]);
    expect(host.kept.filter((each) => each === 'watch')).toHaveLength(1);
    pool.watch();
    expect(host.kept.filter((each) => each === 'watch')).toHaveLength(2);
    await pool.use(undefined);
    expect(host.kept).toContain('no watch');
    pool.watch();
    expect(host.kept.filter((each) => each === 'watch')).toHaveLength(2);
  });

  it('are said to be changed by another program', async () => {
    const told: string[] = [];
    pool = new HostPool(host, recordedLog(warned), () => told.push('tampered'));
    await pool.use(POOL);
    host.tamper?.();
    expect(told).toEqual(['tampered']);
  });

  it('are those of one daemon: another one touches nothing, and has them when they are free', async () => {
    host.isClaimed = true;
    await expect(pool.use(POOL)).rejects.toThrow('another Fairlead leads virtual IPs');
    expect([host.done, host.kept, pool.leads]).toEqual([[], [], false]);
    host.isClaimed = false;
    await pool.use(POOL);
    expect(host.kept).toEqual([`claim ${POOL}`, 'watch']);
    await pool.use('10.99.0.0/16');
    await pool.use('fd00:43::/112');
    await pool.use(undefined);
    const claims = host.kept.filter((each) => each.includes('claim'));
    expect(claims).toEqual([
      `claim ${POOL}`,
      'claim fd00:43::/112',
      // There is one for each family, whichever pool it was made for.
      `no claim ${POOL}`,
      'no claim fd00:43::/112',
    ]);
  });

  it('that are inherited are claimed when the daemon before has ended', async () => {
    host.isClaimed = true;
    await pool.use(POOL, true);
    await pool.lead([]);
    expect(host.kept).toEqual(['watch']);
    host.isClaimed = false;
    await pool.lead([]);
    await pool.lead([]);
    expect(host.kept).toEqual(['watch', `claim ${POOL}`]);
  });

  it('are left as they are for a daemon that has taken over', async () => {
    await pool.use(POOL);
    host.done = [];
    pool.leave();
    expect([host.done, host.kept.slice(-2)]).toEqual([[], ['no watch', `no claim ${POOL}`]]);
  });
});

describe('the watch over the rules', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const begun = (): number => host.kept.filter((each) => each === 'watch').length;

  it('that ends is begun again, at longer and longer intervals while it ends at once', async () => {
    await pool.use(POOL);
    for (const ms of [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]) {
      const before = begun();
      host.endWatch?.();
      await vi.advanceTimersByTimeAsync(ms - 1);
      expect(begun()).toBe(before);
      await vi.advanceTimersByTimeAsync(1);
      expect(begun()).toBe(before + 1);
    }
    // The plane's look at everything found it alive.
    pool.watch();
    host.endWatch?.();
    const before = begun();
    await vi.advanceTimersByTimeAsync(1000);
    expect(begun()).toBe(before + 1);
  });

  it('that ends is not begun again for a pool that was given up, or left to another daemon', async () => {
    const leave = (): Promise<void> => {
      pool.leave();
      return Promise.resolve();
    };
    for (const end of [() => pool.use(undefined), leave]) {
      await pool.use(POOL);
      host.endWatch?.();
      const before = begun();
      await end();
      await vi.advanceTimersByTimeAsync(100_000);
      expect(begun()).toBe(before);
    }
  });

  it('that has ended is begun at once by the look at everything, and once only', async () => {
    await pool.use(POOL);
    host.endWatch?.();
    pool.watch();
    expect(begun()).toBe(2);
    await vi.advanceTimersByTimeAsync(100_000);
    expect(begun()).toBe(2);
  });
});

describe('whether the proxy will work', () => {
  const preflight = (wanted: string) => proxyPlaneSpec({}).preflight(host, wanted);

  it('is checked without changing anything', async () => {
    expect(await preflight(POOL)).toBe('ok');
    expect(await preflight('fd00:43::/112')).toBe('ok');
    expect(host.done).toEqual([]);
  });

  it('is not checked for loopback', async () => {
    host.rulesFault = 'no nft';
    expect(await preflight('127.43.0.0/16')).toBe('ok');
  });

  it('depends on rules, and for IPv6 on the permission to bind', async () => {
    host.refuses = 'bind';
    expect(await preflight('fd00:43::/112')).toEqual({ why: 'bind: no right' });
    host.rulesFault = 'the command nft is not installed; install nftables';
    const { why } = (await preflight(POOL)) as { why: string };
    expect(why).toContain('the command nft is not installed; install nftables');
    expect(why).toContain(POOL);
  });
});
