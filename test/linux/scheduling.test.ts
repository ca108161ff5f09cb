import { execFileSync } from 'node:child_process';
import { release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { hasCapability } from '../../src/linux/capabilities.js';
import { loadLibc } from '../../src/linux/libc.js';
import { bundled } from '../support/bundled.js';

const libc = await loadLibc();

/** Since Linux 6.12 a thread may say how long its turns are. */
function hasSlices(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 12);
}

describe.skipIf('unavailable' in libc)('a thread that is to run soon after it wakes', () => {
  it('has short turns, and a larger share where that is allowed', () => {
    const probe = bundled(new URL('./scheduling-probe.ts', import.meta.url));
    const [nice, slice] = execFileSync(process.execPath, [fileURLToPath(probe)], { encoding: 'utf8' })
      .trim()
      .split(' ');
    expect(nice).toBe(hasCapability('SYS_NICE') ? '-3' : '0');
    if (hasSlices() && slice !== '-') expect(slice).toBe('100000');
  });
});
