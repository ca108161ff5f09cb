/**
 * Errors that are not the task's fault: this host is out of ports, descriptors or memory, or its own firewall refuses.
 */
const OWN = new Set(['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EACCES', 'EPERM']);

const RESET = 'reset before first byte';

const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect refused',
  ECONNRESET: RESET,
  EPIPE: RESET,
  ETIMEDOUT: 'connect timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

/**
 * What a task did wrong when a connection failed, or was reset before its first byte: the reason of a passive signal.
 * @param code of the socket's error
 * @returns undefined when it is not the task's fault
 */
export function taskFault(code: string): string | undefined {
  return OWN.has(code) ? undefined : (FAULTS[code] ?? code);
}
