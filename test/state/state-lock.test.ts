import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AlreadyRunning, StateLock } from '../../src/state/state-lock.js';

let directory: string;
let held: StateLock[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-lock-'));
  held = [];
});
afterEach(async () => {
  await Promise.all(held.map((lock) => lock.release()));
  rmSync(directory, { recursive: true });
});

async function take(): Promise<StateLock> {
  const lock = await StateLock.take(directory);
  held.push(lock);
  return lock;
}

describe('the lock of a state directory', () => {
  it('is had by one at a time, and says which process has it', async () => {
    const lock = await take();
    await expect(take()).rejects.toThrow(AlreadyRunning);
    await expect(take()).rejects.toThrow(
      `Fairlead is already running, pid ${process.pid} (it uses ${directory}); stop it first, or set another "state"`,
    );
    held = [];
    await lock.release();
    await take();
  });

  it('lets only its owner ask', async () => {
    await take();
    expect(statSync(join(directory, 'daemon.sock')).mode & 0o777).toBe(0o600);
  });

  it('is free when its holder was killed', async () => {
    const script = `require('node:net').createServer().listen(${JSON.stringify(join(directory, 'daemon.sock'))}, () => console.log('listens'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await take();
  });

  it('is not taken from a holder that does not say who it is', async () => {
    const server = createServer(() => undefined);
    await new Promise<void>((resolve) => server.listen(join(directory, 'daemon.sock'), resolve));
    try {
      await expect(take()).rejects.toThrow('already running, pid unknown');
    } finally {
      server.close();
    }
  });

  it('has one winner when many ask at once beside a dead one', async () => {
    writeFileSync(join(directory, 'daemon.sock'), '');
    rmSync(join(directory, 'daemon.sock'));
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => take()));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });
});
