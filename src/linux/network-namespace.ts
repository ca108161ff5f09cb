import { closeSync, openSync } from 'node:fs';
import { errorCode } from '../net/error-message.js';
import { systemCallError, type Libc } from './libc.js';
import { CLOEXEC, NONBLOCK, SOCK_STREAM } from './numbers.js';
import { AF_INET, AF_INET6 } from './sockaddr.js';

/** linux/sched.h, bits/socket.h. */
const CLONE_NEWNET = 0x40000000;
const SOCK_DGRAM = 2;

const TYPES = { udp: SOCK_DGRAM, tcp: SOCK_STREAM } as const;

/**
 * Opens a socket in another network namespace. A socket stays in the namespace in which it was created, so this thread
 * only enters the namespace for one call (setns(2)). This needs CAP_SYS_ADMIN.
 * @param path a file of the namespace: `/proc/PID/ns/net`, `/var/run/docker/netns/ID`
 * @returns a descriptor; the caller must close it or pass it on
 * @throws SystemCallError from setns(2) and socket(2), or the system's error from opening the file
 */
function openSocketIn(libc: Libc, path: string, type: 'udp' | 'tcp', family: 4 | 6): number {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  try {
    const there = openSync(path, 'r');
    try {
      if (libc.setns(there, CLONE_NEWNET) !== 0) throw systemCallError(libc, 'setns');
      const fd = libc.socket(family === 4 ? AF_INET : AF_INET6, TYPES[type] | CLOEXEC | NONBLOCK, 0);
      const error = fd < 0 ? systemCallError(libc, 'socket') : undefined;
      // The thread must not continue in a foreign namespace: everything it then does would happen there.
      if (libc.setns(home, CLONE_NEWNET) !== 0) process.abort();
      if (error) throw error;
      return fd;
    } finally {
      closeSync(there);
    }
  } finally {
    closeSync(home);
  }
}

/**
 * Opens a socket in the first of these files of a network namespace that can be entered.
 * @returns its descriptor, or in one line why there is none; `why` is undefined if there are no files
 */
export function openSocketInFirst(
  libc: Libc,
  paths: readonly string[],
  type: 'udp' | 'tcp',
  family: 4 | 6,
): { readonly fd: number } | { readonly why: string | undefined } {
  let why: string | undefined;
  for (const path of paths) {
    try {
      return { fd: openSocketIn(libc, path, type, family) };
    } catch (error) {
      why = `${path} cannot be entered (${errorCode(error)})`;
    }
  }
  return { why };
}
