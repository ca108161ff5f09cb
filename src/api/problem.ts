import { STATUS_CODES } from 'node:http';
import { QuestionError } from './ports.js';
import type { ProblemCode, ProblemJson } from './types/resources.js';

/** In bytes. Request bodies are always short. */
export const BODY_LIMIT = 4096;

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

/** An error that concerns the caller: it becomes the answer. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  /** Of the answer, in lower case. */
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail one line: what, why, what to do */
  constructor(
    status: number,
    code: ProblemCode,
    detail: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The body of an error answer (RFC 9457). */
export function problemJson(status: number, code: ProblemCode, detail: string): ProblemJson {
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, code, detail };
}

/**
 * The answer for any thrown value. Only errors meant for the caller keep their text. An internal error could reveal
 * paths or data, so its text goes to the log instead.
 */
export function toProblem(error: unknown): ProblemJson {
  if (error instanceof ApiProblem) return problemJson(error.status, error.code, error.message);
  if (error instanceof QuestionError) return problemJson(400, 'parameter-invalid', error.message);
  const status = clientStatus(error);
  if (status === 413)
    return problemJson(status, 'body-too-large', `the body has more than ${BODY_LIMIT} bytes; send less`);
  if (status === 415) {
    return problemJson(
      status,
      'body-not-json',
      'the body is not of type JSON; send it with content-type: application/json',
    );
  }
  if (status !== undefined) {
    return isBodyFault(error)
      ? problemJson(
          status,
          'body-invalid',
          'the body is not valid JSON; send an object such as {"note":"text"}',
        )
      : problemJson(status, 'bad-request', 'the request is malformed; see docs/api.md for the routes');
  }
  return problemJson(500, 'internal', 'internal error; see the log of the daemon');
}

/** Whether fastify could not parse the body. */
function isBodyFault(error: unknown): boolean {
  if (error instanceof SyntaxError) return true;
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && code.startsWith('FST_ERR_CTP_');
}

/** The 4xx status that fastify or a plugin gave to a malformed request. */
function clientStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return undefined;
  const { statusCode } = error;
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500 ? statusCode : undefined;
}
