import { loadLibc, systemCallError } from './libc.js';
import { CLOEXEC } from './numbers.js';

const AF_UNIX = 1;
const SOCK_DGRAM = 2;

/**
 * Tells the service manager something of this process, as sd_notify(3) does: systemd names a socket in NOTIFY_SOCKET.
 * @param lines `READY=1`, `MAINPID=7`
 * @returns why it could not be told; undefined: it was, or there is no service manager
 */
export async function notifyServiceManager(
  lines: readonly string[],
  path = process.env['NOTIFY_SOCKET'] ?? '',
): Promise<string | undefined> {
  if (path === '') return undefined;
  const libc = await loadLibc();
  if ('unavailable' in libc) return libc.unavailable;
  const fd = libc.socket(AF_UNIX, SOCK_DGRAM | CLOEXEC, 0);
  if (fd < 0) return systemCallError(libc, 'socket').message;
  const message = new Uint8Array(new TextEncoder().encode(lines.join('\n')));
  const address = sockaddrUn(path);
  const sent = libc.sendto(fd, message, message.length, 0, address, address.length);
  const fault = sent < 0 ? systemCallError(libc, 'sendto').message : undefined;
  libc.close(fd);
  return fault;
}

/** struct sockaddr_un (unix(7)); `@` stands for the byte 0 with which abstract addresses begin. */
function sockaddrUn(path: string): Uint8Array {
  const name = new TextEncoder().encode(path);
  // A path of the file system ends with a 0.
  const bytes = new Uint8Array(2 + name.length + (path.startsWith('@') ? 0 : 1));
  bytes[0] = AF_UNIX;
  bytes.set(name, 2);
  if (path.startsWith('@')) bytes[2] = 0;
  return bytes;
}
