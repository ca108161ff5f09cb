import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { loadLibc } from '../../src/linux/libc.js';
import { ThreadUsage } from '../../src/linux/thread-usage.js';

const libc = await loadLibc();

describe.skipIf('unavailable' in libc)('what a thread has had', () => {
  it('grows with the work it does, by no more than the process has had, and not while it waits', async () => {
    if ('unavailable' in libc) return;
    const usage = new ThreadUsage(libc);
    const [before, ofProcess] = [usage.cpuMs, process.cpuUsage()];
    expect(before).toBeGreaterThan(0);
    let spun = 0;
    while (process.cpuUsage(ofProcess).user < 60_000) spun++;
    expect(spun).toBeGreaterThan(0);
    usage.take();
    const worked = usage.cpuMs - before;
    const { user, system } = process.cpuUsage(ofProcess);
    expect(worked).toBeGreaterThan(0);
    expect(worked).toBeLessThanOrEqual((user + system) / 1000 + 1);
    const waits = usage.waits;
    for (let count = 0; count < 5; count++) await pause(5);
    usage.take();
    expect(usage.waits - waits).toBeGreaterThanOrEqual(5);
  });

  it('says the same until it is taken again', () => {
    if ('unavailable' in libc) return;
    const usage = new ThreadUsage(libc);
    const { cpuMs, waits } = usage;
    for (let count = 0; count < 1e6; count++) Math.sqrt(count);
    expect([usage.cpuMs, usage.waits]).toEqual([cpuMs, waits]);
  });
});
