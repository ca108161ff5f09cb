import { request as httpRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { request as httpsRequest, Agent as HttpsAgent } from 'node:https';
import type { Socket } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { createGunzip } from 'node:zlib';
import { HIDDEN, withoutLogin } from '../text/hidden.js';
import { errorMessage } from '../net/error-message.js';
import { printable, quoted } from '../text/printable.js';

/** How to reach a Consul agent. */
export interface ConsulAddress {
  /** `http://127.0.0.1:8500`, `https://consul.example:8501`. */
  readonly address: string;
  /** A datacenter other than the agent's own. */
  readonly datacenter?: string | undefined;
  /** Called from time to time, so that secrets can be replaced. @throws ConsulError when a file cannot be read */
  readonly secrets?: () => ConsulSecrets;
}

export interface ConsulSecrets {
  readonly token?: string;
  /** PEM texts. */
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
}

/** An answer of the HTTP API and its headers (developer.hashicorp.com/consul/api-docs/features/blocking). */
export interface ConsulAnswer {
  readonly body: unknown;
  /** `X-Consul-Index`. Undefined if the endpoint has none. Above 2^53 for some endpoints. */
  readonly index: bigint | undefined;
  /** False: the server has no leader, so the body may be outdated. */
  readonly knownLeader: boolean;
  /** The body lacks what the token may not see. Consul before 1.11 does not tell. */
  readonly isFiltered?: boolean;
}

/** Why a request got no answer, in one line. */
export class ConsulError extends Error {
  override readonly name = 'ConsulError';
  /** The HTTP status. Undefined if the agent could not be reached or did not answer in time. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message);
    this.status = status;
  }
}

/** What is wrong with an answer whose server has no leader. */
export function noLeader(): ConsulError {
  return new ConsulError('Consul has no leader at the moment');
}

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** "Not found" is an answer without a body, whose index can be waited on: that of a key that may yet be made. */
  readonly mayBeMissing?: boolean;
  /** Milliseconds until the answer must be there. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** Larger answers, in bytes, are not read. */
const MAX_ANSWER = 64 * 1024 * 1024;
const USUAL_TIMEOUT = 10_000;
/** How long secrets are used before their files are read again, in milliseconds. */
const SECRETS_MS = 30_000;

/**
 * The HTTP API of one agent. Connections are kept open and limited in number. This does not use the package `consul`
 * (docs/design.md, "Packages"): with that, a truncated answer never settles, registrations lose their weights, and long
 * error texts get lost.
 */
export class ConsulClient {
  /** As shown in outputs, without user and password. */
  readonly address: string;
  readonly #base: string;
  readonly #target: ConsulAddress;
  readonly #maxSockets: number;
  #agent: HttpAgent | undefined;
  #secrets: ConsulSecrets = {};
  #secretsAt = -Infinity;
  readonly #sockets = new Set<Socket>();

  /**
   * @param maxSockets concurrent connections; an agent accepts 200 from one address
   * (`limits.http_max_conns_per_client`)
   */
  constructor(target: ConsulAddress, maxSockets = 150) {
    this.#base = target.address.replace(/\/+$/, '');
    this.address = withoutLogin(this.#base);
    this.#target = target;
    this.#maxSockets = maxSockets;
  }

  /** @throws ConsulError */
  get(path: string, options: RequestOptions = {}): Promise<ConsulAnswer> {
    return this.#request('GET', path, options);
  }

  /** @throws ConsulError */
  put(path: string, options: RequestOptions = {}): Promise<ConsulAnswer> {
    return this.#request('PUT', path, options);
  }

  /** Reads the files of secrets again at the next request: a token may just have been replaced. */
  renewSecrets(): void {
    this.#secretsAt = -Infinity;
  }

  close(): void {
    this.#agent?.destroy();
    for (const socket of this.#sockets) socket.destroy();
  }

  /**
   * The connections. They are created again when a certificate changes. @throws ConsulError when a file cannot be read
   */
  #connections(): HttpAgent {
    const now = performance.now();
    if (this.#agent && now - this.#secretsAt < SECRETS_MS) return this.#agent;
    const secrets = this.#target.secrets?.() ?? {};
    this.#secretsAt = now;
    const isSame = isDeepStrictEqual(secrets.tls, this.#secrets.tls);
    this.#secrets = secrets;
    if (this.#agent && isSame) return this.#agent;
    const options = { keepAlive: true, maxSockets: this.#maxSockets, maxFreeSockets: 8 };
    this.#agent = this.address.startsWith('https:')
      ? new HttpsAgent({ ...options, ...secrets.tls })
      : new HttpAgent(options);
    return this.#agent;
  }

  // Async, so that exceptions become rejections.
  async #request(method: string, path: string, options: RequestOptions): Promise<ConsulAnswer> {
    const { datacenter } = this.#target;
    const agent = this.#connections();
    const { token } = this.#secrets;
    const url = new URL(`${this.#base}/v1${path}`);
    for (const [key, value] of Object.entries(options.query ?? {})) url.searchParams.set(key, value);
    if (datacenter !== undefined) url.searchParams.set('dc', datacenter);
    const body = options.body === undefined ? undefined : JSON.stringify(options.body);
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const timeout = options.timeout ?? USUAL_TIMEOUT;
    return await new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        clearTimeout(timer);
        options.signal?.removeEventListener('abort', abort);
        if (error instanceof ConsulError && error.status === 403) this.renewSecrets();
        reject(
          error instanceof ConsulError ? error : new ConsulError(`${this.address}: ${errorMessage(error)}`),
        );
      };
      const request = send(
        url,
        {
          method,
          agent,
          headers: {
            'accept-encoding': 'gzip',
            ...(token !== undefined && { 'x-consul-token': token }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
          },
        },
        (response) => {
          readAnswer(response).then((text) => {
            clearTimeout(timer);
            options.signal?.removeEventListener('abort', abort);
            try {
              resolve(
                answerOf(response, text, {
                  where: `${this.address}${url.pathname}`,
                  mayBeMissing: options.mayBeMissing === true,
                  datacenter,
                  secrets: [token, loginOf(url)],
                }),
              );
            } catch (error) {
              fail(error);
            }
          }, fail);
        },
      );
      const abort = () => {
        request.destroy(new ConsulError('stopped'));
      };
      const timer = setTimeout(() => {
        request.destroy(new ConsulError(`${this.address}: no answer within ${timeout / 1000} s`));
      }, timeout);
      request.on('socket', (socket) => {
        if (this.#sockets.has(socket)) return;
        this.#sockets.add(socket);
        socket.once('close', () => this.#sockets.delete(socket));
      });
      request.on('error', fail);
      options.signal?.addEventListener('abort', abort, { once: true });
      if (options.signal?.aborted) abort();
      request.end(body);
    });
  }
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const isZipped = response.headers['content-encoding'] === 'gzip';
  const stream = isZipped ? response.pipe(createGunzip()) : response;
  const cut = new Promise<never>((_resolve, reject) => {
    response.once('error', reject);
    response.once('aborted', () => reject(new ConsulError('the answer was cut off')));
  });
  cut.catch(() => undefined);
  const read = async () => {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_ANSWER) throw new ConsulError(`the answer has more than ${MAX_ANSWER} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  };
  return Promise.race([read(), cut]);
}

/** The login in an address as the header contains it (base64). Undefined if there is none. */
function loginOf({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return Buffer.from(login).toString('base64');
}

interface AnswerContext {
  /** For errors: the address that was asked. */
  readonly where: string;
  /** What no error shows. */
  readonly secrets: readonly (string | undefined)[];
  readonly mayBeMissing: boolean;
  readonly datacenter: string | undefined;
}

function answerOf(
  { statusCode = 0, headers }: IncomingMessage,
  text: string,
  { where, secrets, mayBeMissing, datacenter }: AnswerContext,
): ConsulAnswer {
  const isMissing = statusCode === 404 && mayBeMissing;
  if ((statusCode < 200 || statusCode > 299) && !isMissing) {
    const [line = ''] = text.trim().split('\n');
    // A proxy in front of Consul may repeat the headers that it refuses.
    const shown = secrets.reduce<string>((rest, each) => (each ? rest.replaceAll(each, HIDDEN) : rest), line);
    const why = printable(shown);
    const remedy = remedyFor(statusCode, why, datacenter);
    throw new ConsulError(`${where}: ${why || 'no reason given'} (HTTP ${statusCode})${remedy}`, statusCode);
  }
  const index = headers['x-consul-index'];
  let body: unknown;
  try {
    body = text === '' || isMissing ? undefined : JSON.parse(text);
  } catch {
    throw new ConsulError(
      `${where}: the answer is not JSON; check that the address is that of a Consul agent`,
    );
  }
  return {
    body,
    index: typeof index === 'string' && /^\d{1,20}$/.test(index) ? BigInt(index) : undefined,
    knownLeader: headers['x-consul-knownleader'] !== 'false',
    ...(headers['x-consul-results-filtered-by-acls'] === 'true' && { isFiltered: true }),
  };
}

/** What to do about a refusal, after a semicolon; empty if that is not known. */
function remedyFor(status: number, why: string, datacenter: string | undefined): string {
  if (status === 403)
    return why.includes('ACL not found')
      ? '; Consul does not know this token; give the token of this cluster'
      : '; the token lacks the rights for this; add them to its policy, or give another token';
  if (datacenter !== undefined && why.includes('No path to datacenter'))
    return `; there is no datacenter ${quoted(datacenter)}, or it is not reachable; correct the key datacenter`;
  return '';
}
