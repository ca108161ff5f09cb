import { AnswerError, UnreachableError } from '../api/answer-errors.js';
import type { DaemonAddress } from './address.js';
import { CliError, EXIT } from './exit-codes.js';

/** What a failed request means for the user of the command: the line to show, and the exit code. */
export function daemonError(error: unknown, { text, api }: DaemonAddress): unknown {
  if (error instanceof AnswerError)
    return new CliError(answerCode(error.problem.status), error.message, { cause: error });
  if (!(error instanceof UnreachableError)) return error;
  const cannot = `cannot reach the daemon at ${text}`;
  switch (error.code) {
    case 'ENOENT':
      return unavailable(
        `${cannot}: the socket does not exist; start it with "fairlead run", or name it with --addr`,
      );
    case 'ECONNREFUSED':
      return unavailable(
        `${cannot}: nothing listens there; start it with "fairlead run", or name it with --addr`,
      );
    case 'EACCES':
    case 'EPERM': {
      const remedy = 'path' in api ? 'run as root, or join the group of the socket' : 'run as root';
      return new CliError(EXIT.permission, `${cannot}: permission denied; ${remedy}`);
    }
    case 'EPROTO':
      return new CliError(EXIT.data, `${cannot}: ${error.message}; check --addr and FAIRLEAD_ADDR`);
    default:
      return unavailable(`${cannot}: ${error.message}; "fairlead doctor" finds the reason`);
  }
}

function unavailable(message: string): CliError {
  return new CliError(EXIT.unavailable, message);
}

function answerCode(status: number): number {
  if (status === 400) return EXIT.usage;
  if (status === 403) return EXIT.permission;
  return status === 503 ? EXIT.unavailable : EXIT.negative;
}
