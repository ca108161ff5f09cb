import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestOverTls } from 'node:https';
import { AnswerError, unreachable, UnreachableError } from './answer-errors.js';
import type { ProblemJson } from './types/resources.js';

/** The address of a daemon's API: the path of its unix socket, or a TCP address. */
export type ApiAddress = { readonly path: string } | TcpAddress;

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
  /** The daemon speaks TLS; `ca` are certificates (PEM) that vouch for it instead of those that Node.js trusts. */
  readonly tls?: { readonly ca?: string };
  /** Shown to the daemon with each request. */
  readonly token?: string;
}

/** The headers of every request: the name by which the daemon is asked for, and the token. */
export function headersFor(address: ApiAddress): Readonly<Record<string, string>> {
  if ('path' in address) return { host: 'localhost' };
  const { host, port, tls, token } = address;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    // Without TLS it is reached through loopback, whatever the name that leads there.
    host: tls ? `${name}:${port}` : 'localhost',
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
}

export interface GetOptions {
  /** Milliseconds within which the whole answer must arrive; 10,000 by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SendOptions extends GetOptions {
  readonly query?: Query;
  /** Sent as JSON; absent: no body. */
  readonly body?: object;
}

interface Question {
  readonly method: string;
  readonly path: string;
  readonly query: Query;
  readonly body?: object | undefined;
}

/**
 * Fetches one JSON document.
 * @param path the route, with its variable parts encoded
 * @throws UnreachableError, AnswerError
 */
export function getJson<T>(
  address: ApiAddress,
  path: string,
  query: Query = {},
  options: GetOptions = {},
): Promise<T> {
  return exchange<T>(address, { method: 'GET', path, query }, options);
}

/**
 * Requests a change.
 * @param path the route, with its variable parts encoded
 * @throws UnreachableError, AnswerError
 */
export function sendJson<T>(
  address: ApiAddress,
  method: 'PUT' | 'POST' | 'DELETE',
  path: string,
  { query = {}, body, ...options }: SendOptions = {},
): Promise<T> {
  return exchange<T>(address, { method, path, query, body }, options);
}

async function exchange<T>(address: ApiAddress, question: Question, options: GetOptions): Promise<T> {
  const { timeoutMs = 10_000 } = options;
  const timeout = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  try {
    const response = await send(address, question, signal);
    const text = await readAll(response);
    const body = parse(text, response);
    if (!isGood(response)) throw new AnswerError(asProblem(body, response));
    // Our own daemon sends the types of types.ts; parse and asProblem detect a foreign server.
    return body as T;
  } catch (error) {
    if (timeout.aborted) throw new UnreachableError('ETIMEDOUT', `no answer within ${timeoutMs} ms`);
    throw unreachable(error);
  }
}

/**
 * Reads a stream of lines until it ends or is aborted; skips blank lines.
 * @throws UnreachableError, AnswerError
 */
export async function* getLines(
  address: ApiAddress,
  path: string,
  query: Query,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  try {
    const response = await send(address, { method: 'GET', path, query }, signal);
    if (!isGood(response))
      throw new AnswerError(asProblem(parse(await readAll(response), response), response));
    response.setEncoding('utf8');
    let rest = '';
    for await (const chunk of response as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') yield line;
    }
  } catch (error) {
    throw unreachable(error);
  }
}

function send(
  address: ApiAddress,
  { method, path, query, body }: Question,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) search.set(key, String(value));
  const text = search.toString();
  const where: RequestOptions & { ca?: string } =
    'path' in address
      ? { socketPath: address.path }
      : { host: address.host, port: address.port, ...address.tls };
  const open = 'tls' in address ? requestOverTls : request;
  const sent = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  return new Promise((resolve, reject) => {
    const outgoing = open(
      {
        ...where,
        method,
        path: text === '' ? path : `${path}?${text}`,
        agent: false,
        headers: {
          ...headersFor(address),
          accept: 'application/json',
          ...(sent && { 'content-type': 'application/json', 'content-length': sent.length }),
        },
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    );
    outgoing.once('error', reject);
    outgoing.end(sent);
  });
}

function isGood({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 200 && statusCode < 300;
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string, response: IncomingMessage): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UnreachableError(
      'EPROTO',
      `the server there is not Fairlead (HTTP ${response.statusCode ?? 0} without JSON)`,
    );
  }
}

/** What an answer that is an error says. */
export async function answerErrorOf(response: IncomingMessage): Promise<Error> {
  try {
    return new AnswerError(asProblem(parse(await readAll(response), response), response));
  } catch (error) {
    return unreachable(error);
  }
}

function asProblem(body: unknown, response: IncomingMessage): ProblemJson {
  if (typeof body === 'object' && body !== null && 'code' in body && 'detail' in body)
    return body as ProblemJson;
  throw new UnreachableError('EPROTO', `the server there is not Fairlead (HTTP ${response.statusCode ?? 0})`);
}
