import { describe, expect, it } from 'vitest';
import { claimVips } from '../../src/linux/vip-claim.js';

const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)('the right to the rules for virtual IPs', () => {
  it('is that of one daemon for each family, who says who it is, and of another one afterwards', async () => {
    const first = await claimVips('10.43.0.0/16');
    const other = await claimVips('fd00:43::/112');
    await expect(claimVips('10.44.0.0/16')).rejects.toThrow(
      `another Fairlead (pid ${process.pid}, with the pool 10.43.0.0/16) leads virtual IPs on this host`,
    );
    first.release();
    first.release();
    const second = await claimVips('10.44.0.0/16');
    await expect(claimVips('fd00:44::/112')).rejects.toThrow('with the pool fd00:43::/112');
    second.release();
    other.release();
  });
});
