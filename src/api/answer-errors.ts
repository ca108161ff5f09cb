import type { ProblemJson } from './types/resources.js';

/** What goes wrong between a client and the daemon. Clients in Node and in a browser share it. */

/** The daemon could not be reached: no process listens, the user may not connect, or there was no answer. */
export class UnreachableError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'UnreachableError';
    this.code = code;
  }
}

/** The daemon answered with an error. */
export class AnswerError extends Error {
  readonly problem: ProblemJson;

  constructor(problem: ProblemJson) {
    super(problem.detail);
    this.name = 'AnswerError';
    this.problem = problem;
  }
}

/** The error as those of this file are. */
export function unreachable(error: unknown): Error {
  if (error instanceof UnreachableError || error instanceof AnswerError) return error;
  if (!(error instanceof Error)) return new UnreachableError('UNKNOWN', String(error));
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return new UnreachableError(code, error.message || code);
}
