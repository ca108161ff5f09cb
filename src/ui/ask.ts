import { AnswerError, UnreachableError } from '../api/answer-errors.js';
import type { ProblemJson } from '../api/types/resources.js';

/**
 * Fetches one JSON document from the daemon.
 * @throws AnswerError, UnreachableError
 */
export async function ask<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answerOf<T>(await reach(path, signal && { signal }));
}

/**
 * Changes something.
 * @param csrf that of the session (`GET /v1/session`); undefined: there is none
 * @throws AnswerError, UnreachableError
 */
export async function change<T>(
  method: 'PUT' | 'DELETE',
  path: string,
  csrf: string | undefined,
): Promise<T> {
  const headers = csrf === undefined ? {} : { 'x-fairlead-csrf': csrf };
  return answerOf<T>(await reach(path, { method, headers }));
}

async function answerOf<T>(response: Response): Promise<T> {
  const body = await jsonOf(response);
  const type = response.headers.get('content-type') ?? '';
  // `/readyz` answers with what is not ready, and with a status that says so.
  if (type.startsWith('application/problem+json')) throw new AnswerError(body as ProblemJson);
  return body as T;
}

/** The lines of an answer, as they come. */
export async function* askLines(path: string): AsyncGenerator<string> {
  const response = await reach(path);
  if (!response.ok || !response.body)
    throw new UnreachableError('EPROTO', `it answered HTTP ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    const lines = (rest + value).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

async function reach(path: string, { headers, ...options }: AskOptions = {}): Promise<Response> {
  try {
    return await fetch(path, { ...options, headers: { accept: 'application/json', ...headers } });
  } catch {
    throw new UnreachableError('ECONNREFUSED', 'no connection');
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw new UnreachableError('EPROTO', `it answered HTTP ${response.status} without JSON`);
  }
}
