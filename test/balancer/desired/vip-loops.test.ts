import { describe, expect, it } from 'vitest';
import { VipLoops } from '../../../src/balancer/desired/vip-loops.js';
import type { VirtualService } from '../../../src/balancer/plane.js';

const POOL = '10.43.0.0/16';

/** `ping 10.43.0.5:80 -> 10.43.0.6:80 192.0.2.1:80` */
function service(text: string, protocol: 'tcp' | 'udp' = 'tcp'): VirtualService {
  const [name = '', place = '', , ...targets] = text.split(' ');
  const [vip = '', port] = place.split(':');
  const backends = targets.map((target, index) => {
    const [ip = '', at] = target.split(':');
    const id = `${name}${index}`;
    return { id, name: id, address: { ip, port: Number(at) }, weight: 1, state: 'active' } as const;
  });
  return {
    ...{ service: `default/x/${name}`, vip, port: Number(port), protocol },
    scheduler: 'wrr',
    backends,
  };
}

const left = (services: readonly VirtualService[]) =>
  services.map(({ backends }) => backends.map(({ id }) => id));

describe('virtual IPs that lead to each other', () => {
  it('are cut where they lead back, and the loop is told once, by name', () => {
    const all = [
      service('ping 10.43.0.5:80 -> 10.43.0.6:80 192.0.2.1:80'),
      service('pong 10.43.0.6:80 -> 10.43.0.5:80'),
      service('web 10.43.0.7:80 -> 10.43.0.5:80 192.0.2.2:80'),
    ];
    const { services, loops } = new VipLoops().cut(all, POOL);
    // One that leads into the loop is not part of it.
    expect(left(services)).toEqual([['ping1'], [], ['web0', 'web1']]);
    expect(loops).toEqual([
      'virtual IPs lead back to themselves: ping.x (10.43.0.5:80/tcp) -> pong.x (10.43.0.6:80/tcp) -> ping.x (10.43.0.5:80/tcp); ' +
        'the tasks that are such addresses are left out; give them addresses of their own',
    ]);
  });

  it.each([
    ['one that is its own task', ['a 10.43.0.5:80 -> 10.43.0.5:80'], 1],
    [
      'three in a circle',
      ['a 10.43.0.5:1 -> 10.43.0.6:2', 'b 10.43.0.6:2 -> 10.43.0.7:3', 'c 10.43.0.7:3 -> 10.43.0.5:1'],
      1,
    ],
    [
      'two circles',
      [
        ...['a 10.43.0.5:80 -> 10.43.0.6:80', 'b 10.43.0.6:80 -> 10.43.0.5:80'],
        ...['c 10.43.0.7:80 -> 10.43.0.8:80', 'd 10.43.0.8:80 -> 10.43.0.7:80'],
      ],
      2,
    ],
    ['a chain', ['a 10.43.0.5:80 -> 10.43.0.6:80', 'b 10.43.0.6:80 -> 192.0.2.1:80'], 0],
    ['another port', ['a 10.43.0.5:80 -> 10.43.0.5:81', 'b 10.43.0.5:81 -> 192.0.2.1:80'], 0],
    ['an address that no service has', ['a 10.43.0.5:80 -> 10.43.0.99:80'], 0],
    ['an address beside the pool', ['a 10.43.0.5:80 -> 10.4.3.0:80'], 0],
  ])('%s', (_what, texts, count) => {
    const all = texts.map((text) => service(text));
    const { services, loops } = new VipLoops().cut(all, POOL);
    expect(loops).toHaveLength(count);
    if (count === 0) expect(services).toEqual(all);
    else expect(left(services).flat()).toEqual([]);
  });

  it('are looked at by protocol', () => {
    const [a, b] = [
      service('a 10.43.0.5:53 -> 10.43.0.6:53', 'udp'),
      service('b 10.43.0.6:53 -> 10.43.0.5:53', 'tcp'),
    ];
    expect(new VipLoops().cut([a, b], POOL).loops).toEqual([]);
    expect(new VipLoops().cut([a, { ...b, protocol: 'udp' }], POOL).loops).toHaveLength(1);
  });

  it('of a pool of IPv6 or of an odd length are found, too', () => {
    const six: VirtualService = { ...service('a 10.43.0.5:80 -> 10.43.0.5:80'), vip: 'fd00:43::5' };
    const looped = {
      ...six,
      backends: six.backends.map((each) => ({ ...each, address: { ip: 'fd00:43::5', port: 80 } })),
    };
    expect(new VipLoops().cut([looped], 'fd00:43::/112').loops).toHaveLength(1);
    expect(
      new VipLoops().cut([service('a 10.43.9.5:80 -> 10.43.9.5:80')], '10.43.8.0/21').loops,
    ).toHaveLength(1);
    expect(
      new VipLoops().cut([service('a 10.43.9.5:80 -> 10.43.9.5:80')], '10.43.9.5/32').loops,
    ).toHaveLength(1);
  });

  it('are the same values as long as nothing of them changes', () => {
    const vips = new VipLoops();
    const all = [service('ping 10.43.0.5:80 -> 10.43.0.6:80'), service('pong 10.43.0.6:80 -> 10.43.0.5:80')];
    const once = vips.cut(all, POOL);
    const again = vips.cut([...all], POOL);
    expect(again.services.every((each, at) => each === once.services[at])).toBe(true);
    const [ping] = all;
    const after = vips.cut(ping ? [ping] : [], POOL);
    expect([after.loops, after.services[0]]).toEqual([[], ping]);
  });
});
