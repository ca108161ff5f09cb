import type { Upstream } from '../../net/upstream.js';
import type { WireQuestion } from '../../wire/query-message.js';
import type { Outcome } from './outcome.js';
import { TlsConnection } from './tls-connection.js';

export interface TlsChannelOptions {
  readonly upstream: Upstream;
  /** PEM. Undefined: the authorities that Node.js trusts. */
  readonly ca?: string;
  readonly nextId: () => number;
  /** Monotonic clock in ms. */
  readonly now: () => number;
}

/**
 * How long to wait after a failed connection before the next attempt, in ms. The wait doubles with each failure in a
 * row.
 */
const FIRST_BACKOFF = 200;
const MAX_BACKOFF = 5000;

/**
 * DNS over TLS to one upstream (RFC 7858). The connection is opened on demand, kept for later queries, and resumed if
 * it was closed meanwhile. The channel never falls back to clear text (RFC 8310 section 5, strict privacy).
 */
export class TlsChannel {
  readonly #options: TlsChannelOptions;
  /** The last connection takes new queries. The others still wait for replies. */
  readonly #connections = new Set<TlsConnection>();
  #current: TlsConnection | undefined;
  #session: Buffer | undefined;
  #failures = 0;
  #retryAt = 0;
  #lastFault = '';

  constructor(options: TlsChannelOptions) {
    this.#options = options;
  }

  /**
   * Asks once, and once more on a new connection if the first one is lost before the reply.
   * @param encode the wire form of the question with a given ID
   */
  async exchange(
    encode: (id: number) => Uint8Array,
    question: WireQuestion,
    signal: AbortSignal,
  ): Promise<Outcome> {
    let detail = '';
    for (const attempt of [1, 2]) {
      const connection = this.#connection();
      if (!connection) return { kind: 'network', detail: this.#lastFault };
      const outcome = await connection.exchange(encode, question, signal);
      if (outcome.kind !== 'lost') return outcome;
      detail = outcome.detail;
      if (signal.aborted || attempt === 2) break;
    }
    return { kind: 'network', detail };
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  /** @returns undefined when it is too early for another attempt */
  #connection(): TlsConnection | undefined {
    if (this.#current?.usable) return this.#current;
    if (this.#options.now() < this.#retryAt) return undefined;
    const { upstream, ca, nextId } = this.#options;
    let secure = false;
    const connection = new TlsConnection({
      upstream,
      nextId,
      ...(ca !== undefined && { ca }),
      ...(this.#session && { session: this.#session }),
      onSession: (session) => {
        this.#session = session;
      },
      onSecure: () => {
        secure = true;
        this.#failures = 0;
      },
      onEnd: (detail) => {
        this.#connections.delete(connection);
        if (this.#current === connection) this.#current = undefined;
        if (!secure && detail !== undefined) this.#failed(detail);
      },
    });
    this.#connections.add(connection);
    this.#current = connection;
    return connection;
  }

  #failed(detail: string): void {
    // The upstream may have rejected the session.
    this.#session = undefined;
    this.#lastFault = detail;
    this.#failures++;
    this.#retryAt = this.#options.now() + Math.min(FIRST_BACKOFF * 2 ** (this.#failures - 1), MAX_BACKOFF);
  }
}
