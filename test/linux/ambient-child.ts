import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { withoutAmbient } from '../../src/linux/ambient.js';
import { loadLibc } from '../../src/linux/libc.js';

/** Prints the effective capabilities of itself, of a plain child, of a shielded child, and of a plain child afterwards. */
const effective = (status: string) => /^CapEff:\s*(\w+)$/m.exec(status)?.[1] ?? '';
const child = () => spawn('cat', ['/proc/self/status'], { stdio: ['ignore', 'pipe', 'inherit'] });
const libc = await loadLibc();
if ('unavailable' in libc) throw new Error(libc.unavailable);
const lines = [effective(readFileSync('/proc/thread-self/status', 'utf8'))];
for (const start of [child, () => withoutAmbient(libc, child), child])
  lines.push(effective(await text(start().stdout)));
process.stdout.write(`${lines.join('\n')}\n`);
