import { errorCode } from '../net/error-message.js';

/** Why a file could not be read, and what to do, to end an error message. */
export function fileFault(error: unknown): string {
  const code = errorCode(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'the file does not exist; check the path';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied; make it readable for the user that Fairlead runs as';
    case 'EISDIR':
      return 'is a directory; give the path of a file in it';
    default:
      return `cannot be read (${code}); check the path and the disk`;
  }
}
