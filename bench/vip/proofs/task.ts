// A task of the proofs: answers each line with its name. Told to stop it asks for each connection to be closed with the next
// answer, as a web server does, and goes on for a while.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { CORE, IP } from '../contestants.js';

/** How long a task goes on that was told to stop, milliseconds. */
export const LAST_WORDS_MS = 1500;

/** Listens on a free port. */
export async function listen(id: string, isStopping = () => false): Promise<Server> {
  const server = createServer({ noDelay: true }, (socket: Socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', () => {
      if (isStopping()) socket.end(`${id} bye\n`);
      else socket.write(`${id}\n`);
    });
  });
  server.listen({ host: IP, port: 0, backlog: 4096 });
  await once(server, 'listening');
  return server;
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a task listens on no port');
  return address.port;
}

/** This process as a task: says its port to its parent, and stops when it hears anything. */
export async function beTask(id: string): Promise<void> {
  let stops = false;
  const server = await listen(id, () => stops);
  process.on('message', () => {
    stops = true;
    setTimeout(() => process.exit(), LAST_WORDS_MS);
  });
  process.on('disconnect', () => process.exit());
  process.send?.({ port: portOf(server) });
}

/** A task in a process of its own. */
export interface Task {
  readonly id: string;
  readonly port: number;
  /** Told to stop; resolves when it has ended. */
  stop(): Promise<void>;
  /** Killed; resolves with the time of its death, milliseconds of `performance.now`. */
  kill(): Promise<number>;
}

/** @param own the script that is a task when it is told to */
export async function startTask(own: string, id: string): Promise<Task> {
  const child: ChildProcess = spawn('taskset', ['-c', CORE.load, process.execPath, own, '--task', id], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const ended = once(child, 'exit');
  return {
    id,
    port,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.send('stop');
      await ended;
    },
    async kill() {
      const at = performance.now();
      child.kill('SIGKILL');
      await ended;
      return at;
    },
  };
}
