import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import type { FaceListen, ListenAddress } from './http-face.js';
import { formatHostPort, isLoopback } from '../net/ip.js';
import { asError } from '../net/error-message.js';

/** The capacity of `sun_path` (unix(7)). Node 20 truncates a longer path and listens at the rest. */
const MAX_PATH = 107;

/**
 * Binds a server, and resolves when it listens. A unix socket gets mode 0660, so members of its group may connect. The
 * file of a dead daemon is removed.
 * @returns the address as `unix:/path` or `ip:port`, with the real port
 * @throws Error with one line that says what went wrong and what to do
 */
export async function listen(
  server: Server,
  address: ListenAddress,
  { setting, reach }: Pick<FaceListen, 'setting' | 'reach'>,
): Promise<string> {
  if ('path' in address) {
    if (Buffer.byteLength(address.path) > MAX_PATH) {
      throw new Error(
        `${setting}: ${address.path} is too long for a socket (the limit is ${MAX_PATH} bytes); set a shorter path`,
      );
    }
    await clearStale(address.path, setting);
    await bound(server, `unix:${address.path}`, setting, () => bindPrivately(server, address.path));
    return `unix:${address.path}`;
  }
  if (reach === 'loopback' && !isLoopback(address.ip)) {
    throw new Error(
      `${setting}: ${formatHostPort(address)} is not a loopback address, so other hosts could use the API; use unix:/path or 127.0.0.1:port`,
    );
  }
  await bound(server, formatHostPort(address), setting, () => server.listen(address.port, address.ip));
  const real = server.address();
  return formatHostPort({
    ip: address.ip,
    port: typeof real === 'object' && real ? real.port : address.port,
  });
}

/** bind(2) creates the socket with the umask's mode, so other users can never connect, not even for a moment. */
function bindPrivately(server: Server, path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const before = process.umask(0o117);
  try {
    server.listen({ path });
  } finally {
    process.umask(before);
  }
}

async function clearStale(path: string, setting: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return;
  if (!found.isSocket()) {
    throw new Error(`${setting}: ${path} exists and is not a socket; move it away or set another path`);
  }
  if (await answers(path)) {
    throw new Error(`${setting}: a daemon already listens on ${path}; stop it or set another path`);
  }
  unlinkSync(path);
}

/** Whether a process accepts connections there. Only a refused connection proves that none does. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT');
    });
  });
}

function bound(server: Server, where: string, setting: string, bind: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => reject(new Error(explain(error, where, setting)));
    server.once('error', failed);
    server.once('listening', () => {
      server.off('error', failed);
      resolve();
    });
    try {
      bind();
    } catch (error) {
      failed(asError(error));
    }
  });
}

const DENIED = 'permission denied; run as root, or set a path that this user can write to';
const REMEDIES: Readonly<Record<string, string>> = {
  EADDRINUSE: 'it is in use; stop the program that has it ("ss -lxtp" shows it), or set another address',
  EACCES: DENIED,
  EPERM: DENIED,
  EROFS: DENIED,
  EADDRNOTAVAIL: 'this host does not have the address; use 127.0.0.1 or unix:/path',
};

function explain(error: NodeJS.ErrnoException, where: string, setting: string): string {
  const remedy = REMEDIES[error.code ?? ''] ?? `${error.message}; set another address`;
  return `${setting}: cannot listen on ${where}: ${remedy}`;
}
