import { mkdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';

/** What fits into `sun_path` (unix(7)). */
const LONGEST_PATH = 107;

/** How long a living daemon may take to say who it is, in milliseconds. */
const ANSWER_MS = 1000;

/** Another daemon uses the state directory. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
}

/**
 * The right to use a state directory: a unix socket in it that this process listens on. The kernel closes it when the
 * process ends, however it ends, so a dead daemon holds no lock; and it can be asked for the pid of its holder, also from
 * another container that has the directory mounted.
 */
export class StateLock {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * @throws AlreadyRunning (one line, with the holder's pid)
   * @throws the error of the system when no socket can be made there
   */
  static async take(directory: string): Promise<StateLock> {
    await mkdir(directory, { recursive: true, mode: 0o750 });
    const path = join(directory, 'daemon.sock');
    if (Buffer.byteLength(path) > LONGEST_PATH)
      throw new Error(
        `its path has more than ${LONGEST_PATH - '/daemon.sock'.length} bytes; choose a shorter one`,
      );
    for (let attempt = 1; ; attempt++) {
      try {
        return new StateLock(await listen(path));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt > 3) throw error;
        await refuseIfAlive(path, directory);
        await clear(path, directory);
      }
    }
  }

  async release(): Promise<void> {
    // It removes the socket, too.
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

async function listen(path: string): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.end(`${process.pid}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', resolve);
    const before = process.umask(0o177);
    try {
      server.listen({ path });
    } finally {
      process.umask(before);
    }
  });
  server.on('error', () => undefined);
  server.unref();
  return server;
}

/** A socket that nothing listens on was left by a process that was killed. */
async function clear(path: string, directory: string): Promise<void> {
  // Another daemon may have put its own there since we looked: what is moved away is looked at once more.
  const aside = `${path}.${process.pid}`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  try {
    await refuseIfAlive(aside, directory);
  } catch (error) {
    await rename(aside, path);
    throw error;
  }
  await rm(aside, { force: true });
}

async function refuseIfAlive(path: string, directory: string): Promise<void> {
  const holder = await holderOf(path);
  if (holder === undefined) return;
  throw new AlreadyRunning(
    `Fairlead is already running, pid ${holder || 'unknown'} (it uses ${directory}); stop it first, or set another "state"`,
  );
}

/** @returns the pid; '' when it does not say; undefined when nothing listens */
function holderOf(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let text = '';
    socket.setTimeout(ANSWER_MS, () => {
      resolve(text.trim());
      socket.destroy();
    });
    socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
    socket.on('end', () => resolve(text.trim()));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code === 'ECONNREFUSED' || code === 'ENOENT' ? undefined : '');
    });
  });
}
