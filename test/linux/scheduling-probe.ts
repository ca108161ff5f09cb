// What becomes of a process that asks for short waits, and of one that asks for more: `nice slice granted policy priority`,
// with `-` for what the kernel does not say.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { loadLibc } from '../../src/linux/libc.js';
import { preferLatency, runInRealTime } from '../../src/linux/scheduling.js';

const libc = await loadLibc();
if ('unavailable' in libc) throw new Error(libc.unavailable);
preferLatency(libc, -3);
const told = [getPriority(), slice()];
const granted = runInRealTime(libc);
console.log([...told, granted, ...policy(), ...childPolicy()].join(' '));

function slice(): string {
  try {
    return /^se\.slice\s*:\s*(\d+)/m.exec(readFileSync('/proc/self/sched', 'utf8'))?.[1] ?? '-';
  } catch {
    return '-';
  }
}

/** proc(5): the policy and the priority of the main thread, fields 41 and 40. */
function policy(stat = readFileSync('/proc/self/stat', 'utf8')): readonly string[] {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return [fields[38] ?? '-', fields[37] ?? '-'];
}

function childPolicy(): readonly string[] {
  return policy(execFileSync('cat', ['/proc/self/stat'], { encoding: 'utf8' }));
}
