import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bundled } from '../support/bundled.js';
import { AlreadyRunning, askForTakeover, StateLock } from '../../src/state/state-lock.js';

let directory: string;
let held: StateLock[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-lock-'));
  held = [];
});
afterEach(() => {
  for (const lock of held) lock.release();
  rmSync(directory, { recursive: true });
});

async function take(): Promise<StateLock> {
  const lock = await StateLock.take(directory);
  held.push(lock);
  return lock;
}

describe('the lock of a state directory', () => {
  it('is held by one process at a time, and says by which', async () => {
    const lock = await take();
    await expect(take()).rejects.toThrow(AlreadyRunning);
    await expect(take()).rejects.toThrow(
      `Fairlead is already running, pid ${process.pid} (it uses ${directory}); stop it first, or set another "state"`,
    );
    held = [];
    lock.release();
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

  it('is not taken from a holder that does not identify itself', async () => {
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

describe('a takeover', () => {
  it('gives the directory to a successor, and reports when that serves', async () => {
    const lock = await take();
    const told: string[] = [];
    lock.onTakeover = (request) => {
      told.push('asked');
      lock.release();
      request.ready();
      void request.done.then((isDone) => told.push(isDone ? 'done' : 'away'));
    };
    held = [];
    const predecessor = await askForTakeover(directory);
    expect(predecessor?.pid).toBe(String(process.pid));
    await take();
    predecessor?.done();
    await vi.waitFor(() => expect(told).toEqual(['asked', 'done']));
  });

  it('is taken back when the successor ends before it serves', async () => {
    const lock = await take();
    const outcome = new Promise<boolean>((resolve) => {
      lock.onTakeover = (request) => {
        request.ready();
        void request.done.then(resolve);
      };
    });
    const module = bundled(new URL('../../src/state/state-lock.ts', import.meta.url)).href;
    const script = `import { askForTakeover } from ${JSON.stringify(module)};
      await askForTakeover(${JSON.stringify(directory)});
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' });
    await once(child, 'exit');
    expect(await outcome).toBe(false);
  });

  it('has no daemon to ask where none runs', async () => {
    expect(await askForTakeover(directory)).toBeUndefined();
  });

  it('fails in one line when the daemon does not hand over', async () => {
    await take();
    await expect(askForTakeover(directory)).rejects.toThrow(
      'the running Fairlead does not give way (it closed the connection); stop it first',
    );
  });
});
