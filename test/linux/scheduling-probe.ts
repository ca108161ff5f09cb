// What becomes of a process that asks for short waits: `nice slice`, with `-` for what the kernel does not tell.
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { loadLibc } from '../../src/linux/libc.js';
import { preferLatency } from '../../src/linux/scheduling.js';

const libc = await loadLibc();
if ('unavailable' in libc) throw new Error(libc.unavailable);
preferLatency(libc, -3);
const told = slice();
console.log(`${getPriority()} ${told}`);

function slice(): string {
  try {
    return /^se\.slice\s*:\s*(\d+)/m.exec(readFileSync('/proc/self/sched', 'utf8'))?.[1] ?? '-';
  } catch {
    return '-';
  }
}
