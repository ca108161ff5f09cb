import { describe, expect, it } from 'vitest';
import { bitsOf, namesOf, setIn } from '../../src/linux/capabilities.js';

describe('capabilities', () => {
  it.each([
    [['CHOWN'], 0x1n],
    [['NET_BIND_SERVICE', 'NET_ADMIN'], 0x1400n],
    [['SYS_PTRACE', 'SYS_ADMIN', 'SYS_NICE'], 0xa80000n],
    [['CHECKPOINT_RESTORE'], 0x10000000000n],
    [[], 0n],
  ] as const)('%j have the bits of linux/capability.h', (names, bits) => {
    expect(bitsOf(names)).toBe(bits);
    expect(namesOf(bits)).toEqual(names);
  });

  it('has a name for a bit of a newer kernel', () => {
    expect(namesOf(1n << 63n)).toEqual(['CAP_63']);
  });

  it('is read from the status of a thread', () => {
    const status =
      'Name:\tnode\nCapInh:\t0000000000000000\nCapPrm:\t0000000000001400\nCapEff:\t0000000000001000\n';
    expect([setIn(status, 'Prm'), setIn(status, 'Eff'), setIn(status, 'Amb')]).toEqual([
      0x1400n,
      0x1000n,
      undefined,
    ]);
  });
});
