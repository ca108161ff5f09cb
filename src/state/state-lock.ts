import { mkdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** What fits into `sun_path` (unix(7)). */
const LONGEST_PATH = 107;

/** How long a living daemon may take to say who it is, in milliseconds. */
const ANSWER_MS = 1000;

/** How long a daemon may take to make room for its successor: it writes its state before. */
const TAKEOVER_MS = 30_000;

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
  /** Called when another process asks to take over. Absent: it is refused. */
  onTakeover: ((request: TakeoverRequest) => void) | undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#converse(socket));
  }

  /**
   * @throws AlreadyRunning (one line, with the holder's pid)
   * @throws the error of the system when no socket can be made there
   */
  static async take(directory: string): Promise<StateLock> {
    const path = await socketPath(directory);
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

  release(): void {
    // It removes the socket, too. A conversation that is under way goes on.
    this.#server.close();
  }

  #converse(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.write(`${process.pid}\n`);
    lines(socket, (line) => {
      if (line !== 'takeover' || !this.onTakeover) {
        socket.destroy();
        return;
      }
      const done = new Promise<boolean>((resolve) => {
        lines(socket, (word) => resolve(word === 'done'));
        socket.once('close', () => resolve(false));
      });
      this.onTakeover({ ready: () => void socket.write('ready\n'), done });
    });
  }
}

/** A successor asks for what this process has. */
export interface TakeoverRequest {
  /** State directory and API are free; names and connections are served until the successor does so. */
  ready(): void;
  /** Whether the successor serves; false: it went away. */
  readonly done: Promise<boolean>;
}

/** A daemon that goes on serving until its successor does. */
export interface Predecessor {
  readonly pid: string;
  /** It may end now. */
  done(): void;
}

/**
 * Asks the daemon that has the state directory to make room.
 * @returns undefined when there is none
 * @throws Error with one line when it does not
 */
export async function askForTakeover(directory: string): Promise<Predecessor | undefined> {
  const path = await socketPath(directory);
  if ((await holderOf(path)) === undefined) return undefined;
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const failed = (why: string) => {
      socket.destroy();
      reject(new Error(`the running Fairlead does not hand over (${why}); stop it first`));
    };
    socket.setTimeout(TAKEOVER_MS, () => failed('it takes too long'));
    socket.once('error', ({ message }) => failed(message));
    socket.once('close', () => failed('it closed the connection'));
    let pid = '';
    lines(socket, (line) => {
      if (pid === '') {
        pid = line;
        socket.write('takeover\n');
      } else if (line === 'ready') {
        socket.setTimeout(0);
        resolve({ pid, done: () => socket.end('done\n') });
      }
    });
  });
}

async function socketPath(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o750 });
  const path = join(directory, 'daemon.sock');
  if (Buffer.byteLength(path) <= LONGEST_PATH) return path;
  throw new Error(
    `its path has more than ${LONGEST_PATH - '/daemon.sock'.length} bytes; choose a shorter one`,
  );
}

/** Calls back for each line that comes. */
function lines(socket: Socket, onLine: (line: string) => void): void {
  let rest = '';
  socket.removeAllListeners('data');
  socket.on('data', (data: Buffer) => {
    const parts = (rest + data.toString('latin1')).split('\n');
    rest = parts.pop() ?? '';
    for (const part of parts) onLine(part);
  });
}

async function listen(path: string): Promise<Server> {
  const server = createServer();
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
    const told = (pid: string | undefined) => {
      resolve(pid);
      socket.destroy();
    };
    socket.setTimeout(ANSWER_MS, () => told(''));
    lines(socket, told);
    socket.on('close', () => told(''));
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      told(code === 'ECONNREFUSED' || code === 'ENOENT' ? undefined : '');
    });
  });
}
