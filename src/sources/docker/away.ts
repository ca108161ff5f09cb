import { DockerError } from './port.js';
import { printable } from '../../text/printable.js';
import { errorMessage } from '../../net/error-message.js';

/** One line that says where the engine is, why it cannot be read, and what to do. */
export function awayMessage(socket: string, cause: unknown): string {
  return `Docker engine at unix://${socket}: ${reason(cause)}`;
}

function reason(cause: unknown): string {
  if (typeof cause === 'string') return `${cause}; connecting again`;
  const code = cause instanceof DockerError ? cause.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'the socket does not exist; start Docker, or set sources.docker.socket to its socket';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied; run as root or as a member of the group that owns the socket (docker)';
    case 'ECONNREFUSED':
      return 'nothing listens on the socket; start Docker (systemctl start docker)';
    case 'ENOTSOCK':
      return 'the file is not a socket; set sources.docker.socket to the socket of the engine';
    case 'ETIMEDOUT':
      return 'it does not answer; if "docker info" hangs too, restart Docker';
    case undefined:
    default:
      return printable(errorMessage(cause)) + '; connecting again';
  }
}
