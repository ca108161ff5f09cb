import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { loadLibc } from '../../src/linux/libc.js';
import { threadUsage } from '../../src/linux/thread-usage.js';

const libc = await loadLibc();

describe.skipIf('unavailable' in libc)('what a thread has used', () => {
  it('grows with its work, by no more than the process has used, and not while it waits', async () => {
    if ('unavailable' in libc) return;
    const take = threadUsage(libc);
    const [before, ofProcess] = [take().cpuMs, process.cpuUsage()];
    expect(before).toBeGreaterThan(0);
    let spun = 0;
    while (process.cpuUsage(ofProcess).user < 60_000) spun++;
    expect(spun).toBeGreaterThan(0);
    const { cpuMs, waits } = take();
    const worked = cpuMs - before;
    const { user, system } = process.cpuUsage(ofProcess);
    expect(worked).toBeGreaterThan(0);
    expect(worked).toBeLessThanOrEqual((user + system) / 1000 + 1);
    // On a busy machine a timer can be due before the thread has begun to wait for it.
    while (take().waits - waits < 5) await pause(5);
  });

  it('is the state at the time of the call', () => {
    if ('unavailable' in libc) return;
    const usage = threadUsage(libc)();
    const { cpuMs, waits } = usage;
    for (let count = 0; count < 1e6; count++) Math.sqrt(count);
    expect([usage.cpuMs, usage.waits]).toEqual([cpuMs, waits]);
  });
});
