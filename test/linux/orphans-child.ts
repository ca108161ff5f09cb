import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadLibc } from '../../src/linux/libc.js';
import { OrphanReaper } from '../../src/linux/orphans.js';

/** Run as process 1: leaves an orphan that ends, and says what became of it and of a child of its own. */
const libc = await loadLibc();
if ('unavailable' in libc) throw new Error(libc.unavailable);

const zombies = () =>
  readdirSync('/proc').filter((name) => {
    try {
      return /^\d+$/.test(name) && / Z 1 /.test(readFileSync(`/proc/${name}/stat`, 'utf8'));
    } catch {
      return false;
    }
  });

const reaper = new OrphanReaper(libc, 3_600_000);
const own = spawn('sh', ['-c', 'sleep 0.1; exit 7']);
const ended = once(own, 'exit');
while (own.exitCode === null) {
  reaper.look();
  await sleep(5);
}
const [code] = (await ended) as [number];
process.stdout.write(`own child: exit ${code}\n`);

// The shell in the middle ends at once, so its child becomes one of process 1.
await once(spawn('sh', ['-c', 'sleep 0.1 & exit 0']), 'exit');
while (zombies().length === 0) await sleep(5);
process.stdout.write('orphan was a zombie\n');
while (zombies().length > 0) {
  reaper.look();
  await sleep(5);
}
process.stdout.write('orphan is gone\n');
reaper.stop();
