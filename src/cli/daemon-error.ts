import { AnswerError, UnreachableError } from '../api/answer-errors.js';
import type { DaemonAddress } from './address.js';
import { CliError, EXIT } from './exit-codes.js';

/** What a failed request means for the user of the command: the line to show, and the exit code. */
export function daemonError(error: unknown, { text, api }: DaemonAddress): unknown {
  if (error instanceof AnswerError && error.problem.code === 'login-needed')
    return new CliError(EXIT.permission, `${text} needs a token; give --token, or set FAIRLEAD_TOKEN`, {
      cause: error,
    });
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
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return unavailable(
        `${cannot}: no authority that is trusted here vouches for its certificate (${error.message}); give --ca with one that does`,
      );
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return unavailable(`${cannot}: ${error.message}; ask for a name of its certificate`);
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
  if (status === 401 || status === 403) return EXIT.permission;
  return status === 503 || status === 429 ? EXIT.unavailable : EXIT.negative;
}
