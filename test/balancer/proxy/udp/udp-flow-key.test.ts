import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flowKey } from '../../../../src/balancer/proxy/udp/udp-flow-key.js';

describe('the key of a flow', () => {
  it.each([
    ['0.0.0.0', 0, 0],
    ['0.0.0.1', 1, 65_537],
    ['10.43.0.7', 53, 0x0a2b0007 * 65_536 + 53],
    ['255.255.255.255', 65_535, 2 ** 48 - 1],
    ['::1', 53, '::1/53'],
    ['2001:db8::7', 53, '2001:db8::7/53'],
    ['fe80::1%eth0', 53, 'fe80::1%eth0/53'],
  ])('of %s port %i is %s', (address, port, key) => {
    expect(flowKey(address, port)).toBe(key);
  });

  it('differs when address or port differ', () => {
    const end = fc.tuple(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 0, max: 65_535 }));
    fc.assert(
      fc.property(end, end, ([a, p], [b, q]) => {
        expect(flowKey(a, p) === flowKey(b, q)).toBe(a === b && p === q);
      }),
    );
  });
});
