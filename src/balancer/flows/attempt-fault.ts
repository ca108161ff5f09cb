/** Errors that are not the fault of the task: this host is out of ports, descriptors or memory, or a firewall of its own says no. */
const OWN = new Set(['EADDRNOTAVAIL', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EACCES', 'EPERM']);

const RESET = 'reset before first octet';

const FAULTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect refused',
  ECONNRESET: RESET,
  EPIPE: RESET,
  ETIMEDOUT: 'connect timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

/**
 * What a task did wrong that could not be connected to, or that reset a connection before its first byte: the reason of
 * a passive signal.
 * @param code of the socket's error
 * @returns undefined when the task has no part in it
 */
export function taskFault(code: string): string | undefined {
  return OWN.has(code) ? undefined : (FAULTS[code] ?? code);
}

/** The code of a system error; the message of any other. */
export function errorCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
