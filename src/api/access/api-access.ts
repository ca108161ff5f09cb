import { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { errorMessage } from '../../net/error-message.js';
import type { Log } from '../../net/log.js';
import type { Timers } from '../../runtime/timers.js';
import type { FaceClient, TlsSource } from '../http-face.js';
import { ApiProblem } from '../problem.js';
import { AttemptLimit } from './attempt-limit.js';
import { ConnectionEnds } from './connection-ends.js';
import { cookiesOf, clearedCookie, sessionCookie } from './session-cookie.js';
import { ON_LOOPBACK, ON_SOCKET, STRANGER, type Principal } from './principal.js';
import { checkOrigin, type OriginRules } from './request-origin.js';
import { csrfOf, SessionBook, type SessionStore } from './session-book.js';
import { TokenBook, type TokenInfo, type TokenStore } from './token-book.js';

export interface AccessOptions {
  readonly store: TokenStore & SessionStore;
  /** Whether clients over TCP have to show a token. */
  readonly needsTokens: boolean;
  /** Names by which clients may ask for the daemon; see {@link OriginRules}. */
  readonly hosts: readonly string[];
  readonly tls?: TlsSource | undefined;
}

interface AccessPorts {
  readonly log: Pick<Log, 'error' | 'warn'>;
  readonly timers: Pick<Timers, 'after'>;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  /** Told of each attempt with a wrong token. */
  readonly onRefused: (from: string) => void;
}

/** Decides who a client is. What a client may do is in `access-rules.ts`. */
export class Access {
  readonly tokens: TokenBook;
  readonly needsTokens: boolean;
  readonly #sessions: SessionBook;
  readonly #options: AccessOptions;
  readonly #ports: AccessPorts;
  readonly #attempts: AttemptLimit;
  readonly #connections: ConnectionEnds;
  readonly #principals = new WeakMap<IncomingMessage, Principal>();
  #certificate: X509Certificate | undefined;

  constructor(options: AccessOptions, ports: AccessPorts) {
    this.#options = options;
    this.#ports = ports;
    this.needsTokens = options.needsTokens;
    this.tokens = new TokenBook(options.store, ports.clock);
    this.#sessions = new SessionBook(options.store, ports.clock, (error) => {
      ports.log.warn('sessions of browsers cannot be stored, so they end with the daemon', {
        error: errorMessage(error),
      });
    });
    this.#attempts = new AttemptLimit(ports.clock);
    this.#connections = new ConnectionEnds(ports.timers);
    this.tokens.onRevoked((id) => {
      this.#connections.end(id);
      void this.#sessions.endOf(id);
    });
    const use = (): void => {
      this.#certificate = options.tls && new X509Certificate(options.tls.current().cert);
    };
    use();
    options.tls?.onChange(use);
  }

  /** Reads tokens and sessions. What cannot be read gives no access. */
  async start(): Promise<void> {
    for (const book of [this.tokens, this.#sessions]) {
      try {
        await book.load();
      } catch (error) {
        this.#ports.log.error('tokens or sessions cannot be read, so clients that use them are refused', {
          error: errorMessage(error),
        });
      }
    }
  }

  /**
   * Refuses what comes from web pages of others, and finds out who asks.
   * @throws ApiProblem
   */
  async guard(request: IncomingMessage, client: FaceClient): Promise<void> {
    const rules: OriginRules = {
      mode: this.needsTokens ? 'login' : 'open',
      hosts: this.#options.hosts,
      certificate: this.#certificate,
    };
    checkOrigin(request, client.transport, rules);
    const principal = await this.#identify(request, client);
    if (principal.by === 'session') checkUpgrade(request);
    this.#principals.set(request, principal);
  }

  /** Who sends a request that the guard has let pass. */
  principalOf(request: IncomingMessage): Principal {
    return this.#principals.get(request) ?? STRANGER;
  }

  /**
   * Begins the session of a browser.
   * @returns the cookie, and who the browser is from now on
   * @throws ApiProblem `token-wrong`, `too-many-attempts`, `login-not-used`
   */
  async login(
    request: IncomingMessage,
    client: FaceClient,
    token: string,
  ): Promise<{ readonly cookie: string; readonly principal: Principal }> {
    if (!this.needsTokens) {
      const detail = 'clients need no login here: api.tokens is not set';
      throw new ApiProblem(409, 'login-not-used', detail);
    }
    const info = await this.#verify(token, client);
    const { id, expiresAt } = await this.#sessions.begin(info.id);
    const principal = { ...principalOfToken(info), by: 'session' as const, csrf: csrfOf(id), expiresAt };
    return { cookie: sessionCookie(id, this.#isSecure(request), this.#leftOf(expiresAt) ?? 0), principal };
  }

  /** Ends the session of a browser. @returns the cookie that removes its cookie */
  async logout(request: IncomingMessage): Promise<string> {
    for (const id of cookiesOf(request)) {
      await this.#sessions.end(id);
      this.#connections.end(csrfOf(id), request.socket);
    }
    return clearedCookie(this.#isSecure(request));
  }

  async #identify(request: IncomingMessage, client: FaceClient): Promise<Principal> {
    const { authorization } = request.headers;
    const usesTokens = client.transport === 'unix' || this.needsTokens;
    const given = usesTokens ? /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] : undefined;
    if (given !== undefined) {
      const info = await this.#verify(given, client);
      this.#connections.hold(info.id, request.socket, this.#leftOf(info.expiresAt));
      return principalOfToken(info);
    }
    if (client.transport === 'unix') return ON_SOCKET;
    return this.needsTokens ? this.#byCookie(request) : ON_LOOPBACK;
  }

  #byCookie(request: IncomingMessage): Principal {
    for (const id of cookiesOf(request)) {
      const session = this.#sessions.find(id);
      const info = session && this.tokens.find(session.token);
      if (!session || !info) continue;
      const csrf = csrfOf(id);
      const expiresAt = Math.min(session.expiresAt, info.expiresAt ?? Infinity);
      for (const key of [info.id, csrf]) this.#connections.hold(key, request.socket, this.#leftOf(expiresAt));
      return { ...principalOfToken(info), by: 'session', csrf, expiresAt };
    }
    return STRANGER;
  }

  /** @throws ApiProblem `token-wrong`, `too-many-attempts` */
  async #verify(token: string, client: FaceClient): Promise<TokenInfo> {
    const known = this.tokens.known(token);
    if (known) return known;
    const from = client.transport === 'tcp' ? client.address : client.transport;
    const attempt = this.#attempts.begin(from);
    if ('waitMs' in attempt) {
      const seconds = Math.ceil(attempt.waitMs / 1000);
      const detail = `too many wrong tokens; try again in ${seconds} s`;
      throw new ApiProblem(429, 'too-many-attempts', detail, { 'retry-after': String(seconds) });
    }
    const info = await this.tokens.verify(token);
    if (!info) {
      this.#ports.onRefused(from);
      const detail = 'the token is wrong, has ended or was revoked; "fairlead token create" makes one';
      throw new ApiProblem(401, 'token-wrong', detail, {
        'www-authenticate': 'Bearer error="invalid_token"',
      });
    }
    attempt.succeeded();
    return info;
  }

  /** Whether the browser uses TLS, to the daemon itself or to a proxy in front of it. */
  #isSecure({ headers: { origin } }: IncomingMessage): boolean {
    return this.#options.tls !== undefined || (origin?.startsWith('https:') ?? false);
  }

  #leftOf(expiresAt: number | undefined): number | undefined {
    // eslint-disable-next-line fairlead/wall-clock -- a date, which is stored
    return expiresAt === undefined ? undefined : Math.max(1, expiresAt - this.#ports.clock());
  }
}

/** Browsers name the origin of every WebSocket. Cookies alone do not tell a page of ours from another. */
function checkUpgrade({ headers: { origin, upgrade } }: IncomingMessage): void {
  if (upgrade === undefined || origin !== undefined) return;
  const detail =
    'a WebSocket with the cookie of a session needs an Origin header; programs use a token instead';
  throw new ApiProblem(403, 'origin-not-allowed', detail);
}

function principalOfToken({ id, name, role, environments, stacks, expiresAt }: TokenInfo): Principal {
  return {
    role,
    by: 'token',
    scope: { ...(environments && { environments }), ...(stacks && { stacks }) },
    token: { id, name },
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
