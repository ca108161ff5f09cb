import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { loadLibc } from '../../src/linux/libc.js';
import { Moment } from '../../src/linux/moment.js';

const libc = await loadLibc();

describe.skipIf('unavailable' in libc)('a moment', () => {
  it('uses the clock of process.hrtime', () => {
    if ('unavailable' in libc) return;
    const before = process.hrtime()[0];
    const { seconds } = new Moment(libc);
    expect(seconds).toBeGreaterThanOrEqual(before);
    expect(seconds).toBeLessThanOrEqual(process.hrtime()[0]);
  });

  it('returns the microseconds since another, even across a second', async () => {
    if ('unavailable' in libc) return;
    const [first, second] = [new Moment(libc), new Moment(libc)];
    const untilNextSecond = 1001 - process.hrtime()[1] / 1e6;
    for (const ms of [1, 10, untilNextSecond]) {
      const before = process.hrtime.bigint();
      first.take();
      const between = process.hrtime.bigint();
      await pause(ms);
      const after = process.hrtime.bigint();
      second.take();
      const end = process.hrtime.bigint();
      expect(second.since(first)).toBeGreaterThanOrEqual(Number(after - between) / 1000);
      expect(second.since(first)).toBeLessThanOrEqual(Math.ceil(Number(end - before) / 1000));
    }
  });
});
