import { mkdir, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';

/** The longest path that fits into `sun_path` (unix(7)). */
const LONGEST_PATH = 107;

/** How long a running daemon may take to identify itself, in milliseconds. */
const ANSWER_MS = 1000;

/** How long a daemon may take to hand over to its successor, in milliseconds. This includes writing its state. */
const TAKEOVER_MS = 30_000;

/** Another daemon uses the state directory. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
}

/**
 * The right to use a state directory: a unix socket in it on which this process listens. The kernel closes the socket
 * when the process ends for any reason, so a dead daemon never holds the lock. Other processes can ask the socket for
 * its holder's pid, even from another container that mounts the directory.
 */
export class StateLock {
  /** Called when another process asks to take over. If undefined, the request is refused. */
  onTakeover: ((request: TakeoverRequest) => void) | undefined;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket) => this.#converse(socket));
  }

  /**
   * @throws AlreadyRunning (one line, with the holder's pid)
   * @throws the system's error when no socket can be created there
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
    // Closing also removes the socket. Open conversations continue.
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

/** A successor's request to take over. */
export interface TakeoverRequest {
  /**
   * The state directory and the API are free. This process keeps serving DNS and connections until the successor does.
   */
  ready(): void;
  /** True once the successor serves; false if it went away. */
  readonly done: Promise<boolean>;
}

/** A daemon that keeps serving until its successor does. */
export interface Predecessor {
  readonly pid: string;
  /** Lets it exit. */
  done(): void;
}

/**
 * Asks the daemon that holds the state directory to hand over.
 * @returns undefined when no daemon holds it
 * @throws Error with one line when the daemon refuses
 */
export async function askForTakeover(directory: string): Promise<Predecessor | undefined> {
  const path = await socketPath(directory);
  if ((await holderOf(path)) === undefined) return undefined;
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    const failed = (why: string) => {
      socket.destroy();
      reject(new Error(`the running Fairlead does not give way (${why}); stop it first`));
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

/** Calls `onLine` for each line received. */
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

/** Removes a socket that a killed process left behind: nothing listens on it. */
async function clear(path: string, directory: string): Promise<void> {
  // Another daemon may have created its own socket since the check, so check the moved file again.
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

/** @returns the pid; '' when the holder does not say; undefined when nothing listens */
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
