import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { VipLeases, type VipWish } from '../../src/catalog/leases.js';
import { instant } from '../support/instant.js';

const DAY = 86_400_000;
const key = (name: string) => `default/shop/${name}`;

function leasesOf(pool = '10.43.0.0/24', release = 7 * DAY) {
  const leases = new VipLeases();
  leases.configure({ pool, release });
  let now = 0;
  return {
    leases,
    at: (time: number) => (now = time),
    /** `web`, or `web=10.43.0.9` for a pin. */
    come: (...names: string[]) => {
      const wishes = names.map((text): VipWish => {
        const [name = '', pin] = text.split('=');
        return { key: key(name), pin };
      });
      return [...leases.change(wishes, [], instant(now))].map((each) => each.split('/')[2]).sort();
    },
    go: (...names: string[]) =>
      [...leases.change([], names.map(key), instant(now))].map((each) => each.split('/')[2]),
    vip: (name: string) => leases.vipOf(key(name)),
    problems: () => leases.problems.map(({ message }) => message),
  };
}

describe('a lease', () => {
  it('follows from the key of the service, regardless of other services and their order', () => {
    const [one, other] = [leasesOf(), leasesOf()];
    one.come('web', 'db');
    other.come('db');
    other.come('cache', 'web');
    expect(one.vip('web')).toBe(other.vip('web'));
    expect(one.vip('db')).toBe(other.vip('db'));
    expect(one.vip('web')).not.toBe(one.vip('db'));
  });

  it('is the same when the service returns, and goes to another once it was gone for long', () => {
    const { come, go, vip, at, leases } = leasesOf();
    come('web');
    const address = vip('web');
    at(DAY);
    go('web');
    expect(vip('web')).toBeUndefined();
    at(7 * DAY);
    come('web');
    expect(vip('web')).toBe(address);
    go('web');
    at(14 * DAY - 1);
    come('other');
    expect(leases.export().map(({ service }) => service)).toEqual([key('web'), key('other')]);
    at(14 * DAY);
    come('third');
    expect(leases.export().map(({ service }) => service)).toEqual([key('other'), key('third')]);
  });

  it('ends with its time when the clock is set back meanwhile, and says when that was by the clock', () => {
    const leases = new VipLeases();
    leases.configure({ pool: '10.43.0.0/24', release: 1000 });
    leases.change([{ key: key('web') }], [], { at: 30 * DAY, now: 0 });
    leases.change([], [key('web')], { at: 30 * DAY + 1, now: 1 });
    leases.change([{ key: key('other') }], [], { at: 2 * DAY, now: 1000 });
    expect(leases.export()).toMatchObject([{ service: key('web'), goneAt: 30 * DAY + 1 }, {}]);
    leases.change([{ key: key('third') }], [], { at: 2 * DAY + 1, now: 1001 });
    expect(leases.export().map(({ service }) => service)).toEqual([key('other'), key('third')]);
  });

  it('of the service that is gone longest is for another when the pool is full, and of one that is there never', () => {
    // Five addresses.
    const { come, go, vip, at, problems } = leasesOf('10.43.0.0/29');
    come('a', 'b', 'c', 'd', 'e');
    const [first, second] = [vip('a'), vip('b')];
    at(1);
    go('a');
    at(2);
    go('b');
    at(3);
    come('new');
    expect(vip('new')).toBe(first);
    come('newer');
    expect(vip('newer')).toBe(second);
    expect(problems()).toEqual([]);
    come('last');
    expect(vip('last')).toBeUndefined();
    expect(problems()).toHaveLength(1);
    expect(['c', 'd', 'e'].map(vip)).not.toContain(undefined);
  });

  it('outlives a restart, including the time when its service was removed', () => {
    const first = leasesOf();
    first.come('web', 'db', 'old');
    first.at(2 * DAY);
    first.go('old');
    const saved = JSON.parse(JSON.stringify(first.leases.export())) as ReturnType<VipLeases['export']>;
    const second = leasesOf();
    second.leases.restore(saved, instant(4 * DAY));
    expect(second.vip('web')).toBeUndefined();
    second.at(9 * DAY);
    second.come('web');
    expect(second.vip('web')).toBe(first.vip('web'));
    // `old` is given back seven days after it went; of `db` nobody knows but that it was there at the end.
    expect(second.leases.export().map(({ service, goneAt }) => [service, goneAt])).toEqual([
      [key('db'), 4 * DAY],
      [key('web'), undefined],
    ]);
  });

  it.each([
    [
      'twice the same service',
      [
        { service: key('web'), vip: '10.43.0.7' },
        { service: key('web'), vip: '10.43.0.8' },
      ],
    ],
    [
      'twice the same address',
      [
        { service: key('web'), vip: '10.43.0.7' },
        { service: key('db'), vip: '10.43.0.7' },
      ],
    ],
    [
      'junk',
      [
        { service: key('web'), vip: '10.43.0.7' },
        { service: '', vip: 'x' },
        { service: key('db'), vip: '8.8.8.8' },
      ],
    ],
  ])('is restored as far as possible from a state with %s', (_what, saved) => {
    const { leases } = leasesOf();
    leases.restore(saved, instant(5));
    expect(leases.export()).toEqual([{ service: key('web'), vip: '10.43.0.7', goneAt: 5 }]);
  });

  it('moves into another pool, and returns if there was no pool in between', () => {
    const { leases, come, go, vip } = leasesOf('10.43.0.0/24');
    come('web', 'db=10.43.0.9');
    const address = vip('web');
    leases.configure(undefined);
    go('web', 'db');
    expect([vip('web'), leases.pool]).toEqual([undefined, undefined]);
    leases.configure({ pool: '10.43.0.0/24', release: DAY });
    come('web', 'db=10.43.0.9');
    expect([vip('web'), vip('db')]).toEqual([address, '10.43.0.9']);
    leases.configure({ pool: '10.44.0.0/24', release: DAY });
    expect(come('web', 'db=10.43.0.9')).toEqual(['db', 'web']);
    expect(vip('web')).toMatch(/^10\.44\.0\./);
    expect(vip('db')).toMatch(/^10\.44\.0\./);
  });
});

describe('an exhausted pool', () => {
  it('is reported once, names the services without an address, and is retried when there is space', () => {
    const { leases, come, vip, problems } = leasesOf('10.43.0.0/29');
    come('a', 'b', 'c', 'd', 'e', 'f', 'g');
    expect(problems()).toEqual([
      'vip.pool 10.43.0.0/29: all 5 addresses are leased, so these services have no virtual IP and are answered with their tasks: f.shop and 1 more; enlarge vip.pool, or shorten vip.release',
    ]);
    expect(['a', 'b', 'c', 'd', 'e', 'f', 'g'].filter((name) => vip(name) === undefined)).toEqual(['f', 'g']);
    const before = leases.problems;
    come('a');
    expect(leases.problems).toBe(before);
    leases.configure({ pool: '10.43.0.0/24', release: 0 });
    come('a');
    expect([problems(), vip('f') !== undefined]).toEqual([[], true]);
  });
});

describe('a pin', () => {
  it('is the address of its service, and moves a service that had another', () => {
    const { come, vip, problems } = leasesOf();
    come('web');
    expect(come('web=10.43.0.9')).toEqual(['web']);
    expect([vip('web'), problems()]).toEqual(['10.43.0.9', []]);
    expect(come('web')).toEqual([]);
    expect(vip('web')).toBe('10.43.0.9');
  });

  const taken = (name: string, address: string, holder: string) =>
    `service ${name}.shop: asks for the virtual IP ${address}, which ${holder}.shop has; it has another one from the pool; ask for a free one`;
  const kept = (name: string, address: string, holder: string) =>
    `service ${name}.shop: asks for the virtual IP ${address}, which is kept for ${holder}.shop, which went less than vip.release ago; it has another one from the pool; ask for a free one, or shorten vip.release`;

  it('of two services that come together is that of the first by key', () => {
    const { come, vip, problems } = leasesOf();
    come('b=10.43.0.9', 'a=10.43.0.9');
    expect(vip('a')).toBe('10.43.0.9');
    expect(vip('b')).toMatch(/^10\.43\.0\.(?!9$)/);
    expect(problems()).toEqual([taken('b', '10.43.0.9', 'a')]);
  });

  it('of an address that a service has asked for and got is not given to one that comes first by key', () => {
    const { come, vip, problems } = leasesOf();
    come('web=10.43.0.9');
    expect(come('a=10.43.0.9')).toEqual(['a']);
    expect(vip('web')).toBe('10.43.0.9');
    expect(vip('a')).toMatch(/^10\.43\.0\.(?!9$)/);
    expect(problems()).toEqual([taken('a', '10.43.0.9', 'web')]);
    // A change of something else leaves it so.
    expect(come('web=10.43.0.9', 'a=10.43.0.9')).toEqual([]);
  });

  it('of the address of a service that went a second ago waits for the end of vip.release', () => {
    const { come, go, vip, at, problems } = leasesOf();
    come('web=10.43.0.9');
    at(1000);
    go('web');
    at(2000);
    come('a=10.43.0.9');
    expect(vip('a')).toMatch(/^10\.43\.0\.(?!9$)/);
    expect(problems()).toEqual([kept('a', '10.43.0.9', 'web')]);
    // It comes back with its address, label or not.
    come('web');
    expect([vip('web'), problems()]).toEqual(['10.43.0.9', [taken('a', '10.43.0.9', 'web')]]);
    go('web');
    expect(problems()).toEqual([kept('a', '10.43.0.9', 'web')]);
    at(2000 + 7 * DAY - 1);
    come('other');
    expect(vip('a')).not.toBe('10.43.0.9');
    at(2000 + 7 * DAY);
    expect(come('third')).toContain('a');
    expect([vip('a'), problems()]).toEqual(['10.43.0.9', []]);
  });

  it('of an address that an earlier process leased waits for its service', () => {
    const first = leasesOf();
    first.come('web=10.43.0.9');
    const { leases, come, vip, problems } = leasesOf();
    leases.restore(first.leases.export(), instant(0));
    come('a=10.43.0.9');
    expect(problems()).toEqual([kept('a', '10.43.0.9', 'web')]);
    come('web=10.43.0.9');
    expect([vip('web'), problems()]).toEqual(['10.43.0.9', [taken('a', '10.43.0.9', 'web')]]);
  });

  it('takes no address from a service that is there and did not ask for it', () => {
    const { come, vip, problems } = leasesOf();
    come('web');
    const address = vip('web') ?? '';
    come(`new=${address}`);
    expect(vip('web')).toBe(address);
    expect(vip('new')).not.toBe(address);
    expect(problems()).toEqual([taken('new', address, 'web')]);
  });

  it('gets the address that a full pool takes back', () => {
    // Five addresses.
    const { come, go, vip, at, problems } = leasesOf('10.43.0.0/29');
    come('a=10.43.0.4', 'b', 'c', 'd');
    at(1);
    go('a');
    come('e=10.43.0.4');
    const former = vip('e');
    expect(problems()).toEqual([kept('e', '10.43.0.4', 'a')]);
    expect(come('f')).toEqual(expect.arrayContaining(['e', 'f']));
    expect([vip('e'), vip('f'), problems()]).toEqual(['10.43.0.4', former, []]);
  });

  it('of an address that another service leaves for its own pin is settled in the same change', () => {
    const { come, vip, problems } = leasesOf();
    come('x');
    const address = vip('x') ?? '';
    come(`a=${address}`, 'x=10.43.0.77');
    expect([vip('a'), vip('x'), problems()]).toEqual([address, '10.43.0.77', []]);
  });

  it.each(['10.43.0.0', '10.43.0.1', '10.43.0.255', '10.44.0.9', 'fd00::1', 'x\n'])(
    'of %j, which is not in the pool, is reported',
    (pin) => {
      const { come, vip, problems } = leasesOf();
      come(`web=${pin}`);
      expect(vip('web')).toMatch(/^10\.43\.0\./);
      expect(problems()).toEqual([
        expect.stringMatching(
          /^service web\.shop: requests the virtual IP "[^\n]+", which is not a usable address of vip\.pool 10\.43\.0\.0\/24/,
        ),
      ]);
      come('web');
      expect(problems()).toEqual([]);
    },
  );
});

/** What must hold after any history: one address each, from the pool, and pins where they can be. */
it('never leases one address twice, in any sequence of changes', () => {
  const step = fc.record({
    wishes: fc.array(
      fc.record({ name: fc.integer({ min: 0, max: 9 }), pin: fc.option(fc.integer({ min: 0, max: 15 })) }),
      { maxLength: 4 },
    ),
    gone: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 3 }),
    wait: fc.constantFrom(0, 1, 50, 200),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const leases = new VipLeases();
      leases.configure({ pool: '10.43.0.0/28', release: 100 });
      const there = new Map<string, string | undefined>();
      let now = 0;
      let shown = new Map<string, string | undefined>();
      for (const { wishes, gone, wait } of steps) {
        now += wait;
        const leaving = [...new Set(gone.map((name) => key(String(name))))];
        for (const each of leaving) there.delete(each);
        const asked = new Map(
          wishes.map(({ name, pin }) => [key(String(name)), pin === null ? undefined : `10.43.0.${pin}`]),
        );
        for (const [each, pin] of asked) there.set(each, pin);
        const changed = leases.change(
          [...asked].map(([each, pin]) => ({ key: each, pin })),
          leaving.filter((each) => !asked.has(each)),
          instant(now),
        );
        const after = new Map([...there.keys()].map((each) => [each, leases.vipOf(each)]));
        const given = [...after.values()].filter((vip) => vip !== undefined);
        expect(new Set(given).size).toBe(given.length);
        expect(given.every((vip) => /^10\.43\.0\.([2-9]|1[0-4])$/.test(vip))).toBe(true);
        // Ten services fit in thirteen addresses unless those of the gone are still kept.
        if (leases.export().length < 13) expect(given.length).toBe(there.size);
        for (const [each, vip] of after) {
          const moved = shown.get(each) !== vip && shown.has(each);
          if (moved) expect(changed.has(each)).toBe(true);
          // A service that is there is moved by its own pin alone.
          if (moved && shown.get(each) !== undefined) expect(vip).toBe(there.get(each));
        }
        shown = after;
      }
    }),
  );
});
