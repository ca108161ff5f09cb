import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseConfigText } from '../../src/config/load.js';
import { ConfigFault } from '../../src/daemon/config-fault.js';
import type { LoadedConfig } from '../../src/daemon/loaded-config.js';
import { VipSupplier, type VipSystem } from '../../src/daemon/vip-supply.js';

let done: string[];
let warned: string[];
let refuses: string | undefined;
let hasRoute: boolean;
let isAllowed: boolean;
let ranges: ReturnType<VipSystem['hostRanges']>;

const act = (what: string): Promise<void> => {
  if (what === refuses) return Promise.reject(new Error(`${what}: no right`));
  done.push(what);
  return Promise.resolve();
};
const system: VipSystem = {
  hostRanges: () => ranges,
  addLocalRoute: (pool) => (hasRoute ? Promise.resolve(false) : act(`route ${pool}`).then(() => true)),
  removeLocalRoute: (pool) => act(`no route ${pool}`),
  allowNonlocalBind: () => {
    if (refuses === 'bind') throw new Error('bind: no right');
    if (!isAllowed) done.push('bind');
    return !isAllowed;
  },
  forbidNonlocalBind: () => void done.push('no bind'),
  writeVipRules: (pool) => act(`rules ${pool}`),
  removeVipRules: (pool) => act(`no rules ${pool}`),
};

function supplier(): VipSupplier {
  const write = (line: string) => {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string };
    if (level >= 40) warned.push(msg);
  };
  return new VipSupplier(pino({ level: 'info' }, { write }), system);
}

function loaded(text = 'domain: example.internal'): LoadedConfig {
  const parsed = parseConfigText(text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed;
}

beforeEach(() => {
  done = [];
  warned = [];
  refuses = undefined;
  hasRoute = false;
  isAllowed = false;
  ranges = [];
});

describe('where virtual IPs come from', () => {
  it('the pool is made local, and given back when the daemon stops', async () => {
    const own = supplier();
    expect(await own.supply(loaded(), [])).toEqual({ pool: '10.43.0.0/16', led: true });
    expect(done.splice(0)).toEqual(['route 10.43.0.0/16', 'rules 10.43.0.0/16']);
    await own.release();
    expect(done.splice(0)).toEqual(['no rules 10.43.0.0/16', 'no route 10.43.0.0/16']);
    await own.release();
    expect(done).toEqual([]);
  });

  it('a route that an operator has set stays', async () => {
    hasRoute = true;
    const own = supplier();
    await own.supply(loaded(), []);
    await own.release();
    expect(done).toEqual(['rules 10.43.0.0/16', 'no rules 10.43.0.0/16']);
  });

  it('a route that somebody took away is put back when connections are led anew, and is given back once', async () => {
    hasRoute = true;
    const own = supplier();
    await own.supply(loaded(), []);
    [done, hasRoute] = [[], false];
    await own.lead('10.43.0.0/16', []);
    await own.lead('10.43.0.0/16', []);
    const led = ['rules 10.43.0.0/16', 'route 10.43.0.0/16'];
    expect(done.splice(0)).toEqual([...led, ...led]);
    await own.release();
    expect(done).toEqual(['no rules 10.43.0.0/16', 'no route 10.43.0.0/16']);
  });

  it('IPv6 addresses can be bound as long as there is a pool of them, and not by us where they could before', async () => {
    const text = (pool: string) => loaded(`vip: { pool: "${pool}" }`);
    const own = supplier();
    await own.supply(text('fd00:43::/112'), []);
    expect(done.splice(0)).toEqual(['bind', 'route fd00:43::/112', 'rules fd00:43::/112']);
    isAllowed = true;
    await own.supply(text('fd00:44::/112'), [], 'fd00:43::/112');
    await own.release('fd00:44::/112');
    expect(done).not.toContain('no bind');
    await own.supply(loaded(), [], 'fd00:44::/112');
    await own.release('10.43.0.0/16');
    expect(done.filter((each) => each === 'no bind')).toEqual(['no bind']);
    done = [];
    const other = supplier();
    await other.supply(text('fd00:43::/112'), []);
    await other.release();
    expect(done).not.toContain('no bind');
  });

  it('another pool takes the place of one, whose rules it has replaced', async () => {
    const own = supplier();
    await own.supply(loaded(), []);
    done = [];
    await own.supply(loaded('vip: { pool: 10.99.0.0/16 }'), [], '10.43.0.0/16');
    await own.release('10.99.0.0/16');
    expect(done).toEqual(['route 10.99.0.0/16', 'rules 10.99.0.0/16', 'no route 10.43.0.0/16']);
  });

  it('the pool that is in force is neither doubted nor emptied', async () => {
    const own = supplier();
    await own.supply(loaded(), []);
    [done, hasRoute] = [[], true];
    ranges = [{ range: '10.0.0.0/8', what: 'the route 10.0.0.0/8 (eth1)' }];
    expect(await own.supply(loaded(), [], '10.43.0.0/16')).toMatchObject({ pool: '10.43.0.0/16' });
    expect(done).toEqual([]);
  });

  it('loopback needs nothing', async () => {
    refuses = 'route 127.43.0.0/16';
    const supply = await supplier().supply(loaded('vip: { pool: 127.43.0.0/16 }'), []);
    expect(supply).toEqual({ pool: '127.43.0.0/16', led: false });
    expect(done).toEqual([]);
  });

  it('without the right to bind IPv6 addresses there are none', async () => {
    refuses = 'bind';
    const supply = await supplier().supply(loaded('vip: { pool: "fd00:43::/112" }'), []);
    expect(supply).toEqual({ why: 'bind: no right, or set vip to false', wanted: true });
    expect(done).toEqual([]);
  });

  it.each(['route 10.43.0.0/16', 'rules 10.43.0.0/16'])(
    'without the right for "%s" there are none',
    async (what) => {
      refuses = what;
      expect(await supplier().supply(loaded(), [])).toEqual({
        why: `${what}: no right, or set vip to false`,
        wanted: true,
      });
      expect(warned).toEqual([
        `virtual IPs are off, and names are answered with tasks: ${what}: no right, or set vip to false`,
      ]);
    },
  );

  it('there are none without a warning when nobody wants them', async () => {
    expect(await supplier().supply(loaded('vip: false'), [])).toEqual({ why: 'vip is false', wanted: false });
    expect([warned, done]).toEqual([[], []]);
  });
});

describe('a pool that something else uses', () => {
  beforeEach(() => {
    ranges = [{ range: '10.0.0.0/8', what: 'the route 10.0.0.0/8 (eth1)' }];
  });

  it('is a warning when nobody chose it, so that an upgrade does not stop DNS', async () => {
    const supply = await supplier().supply(loaded(), []);
    expect(supply).toMatchObject({ wanted: true, why: expect.stringContaining('(eth1)') as string });
    expect(warned).toHaveLength(1);
  });

  it.each([
    [
      'the file',
      'vip: { pool: 10.43.0.0/16 }',
      /^fairlead\.yaml:1:14: vip\.pool: 10\.43\.0\.0\/16 overlaps the route 10\.0\.0\.0\/8 \(eth1\); /,
    ],
  ])('is a fault with its place when it was chosen in %s', async (_, text, message) => {
    const refused = supplier().supply(loaded(text), []);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toBeInstanceOf(ConfigFault);
    expect(done).toEqual([]);
  });
});
