import { execFileSync } from 'node:child_process';
import { getPriority, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasCapability } from '../../src/linux/capabilities.js';
import { loadLibc } from '../../src/linux/libc.js';
import { bundled } from '../support/bundled.js';

const libc = await loadLibc();
const SCHED_RR = '2';
/** What a process has that may not ask for more: that of these tests, which may run under nice(1). */
const inherited = String(getPriority());

/** Since Linux 6.12 a thread may say how long its turns are. */
function hasSlices(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 12);
}

describe.skipIf('unavailable' in libc)('a thread that should run soon after it wakes', () => {
  const probe = fileURLToPath(bundled(new URL('./scheduling-probe.ts', import.meta.url)));
  const probed = (command: string, ...args: readonly string[]) =>
    execFileSync(command, [...args, process.execPath, probe], { encoding: 'utf8' })
      .trim()
      .split(' ');

  it('has short time slices, and a larger share if that is allowed', () => {
    const [nice, slice] = probed('env');
    expect(nice).toBe(hasCapability('SYS_NICE') ? '-3' : inherited);
    if (hasSlices() && slice !== '-') expect(slice).toBe('100000');
  });

  it('is a real-time thread of the lowest priority if that is allowed, but its child threads are not', () => {
    const [, , granted, policy, priority, ofChild] = probed('env');
    // A cgroup of the first version may have no share of real time.
    if (!hasCapability('SYS_NICE')) expect(granted).toBe('false');
    expect([policy, priority]).toEqual(granted === 'true' ? [SCHED_RR, '1'] : ['0', '0']);
    expect(ofChild).toBe('0');
  });

  it.runIf(process.getuid?.() === 0)('stays unchanged if that is refused', () => {
    const without = ['--bounding-set', '-sys_nice', '--inh-caps', '-sys_nice'];
    const [nice, slice, granted, policy] = probed('setpriv', ...without);
    expect([nice, granted, policy]).toEqual([inherited, 'false', '0']);
    if (hasSlices() && slice !== '-') expect(slice).toBe('100000');
  });
});
