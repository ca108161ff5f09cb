import { DockerError } from './port.js';
import { printable } from '../../text/printable.js';
import { errorMessage } from '../../net/error-message.js';

/** Why the engine cannot be read: one line with where, why and what to do. */
export function awayMessage(socket: string, cause: unknown): string {
  return `Docker engine at unix://${socket}: ${reason(cause)}`;
}

function reason(cause: unknown): string {
  if (typeof cause === 'string') return `${cause}; connecting again`;
  const code = cause instanceof DockerError ? cause.code : undefined;
  switch (code) {
    case 'ENOENT':
      return 'the socket does not exist; start Docker, or set sources.docker.socket to where it listens';
    case 'EACCES':
    case 'EPERM':
      return 'no right to open the socket; run as root or as a member of the group that owns it (docker)';
    case 'ECONNREFUSED':
      return 'nothing listens on the socket; start Docker (systemctl start docker)';
    case 'ENOTSOCK':
      return 'the file is no socket; set sources.docker.socket to the one that the engine listens on';
    case 'ETIMEDOUT':
      return 'it does not answer; if "docker info" hangs too, restart it';
    case undefined:
    default:
      return printable(errorMessage(cause)) + '; connecting again';
  }
}
