import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';
import type { Value } from '../template/value.js';
import { valueOf } from './consul-bodies.js';
import { pathOf } from './consul-paths.js';
import { queryText, type Query } from './queries.js';
import type { QueryPort } from './run-context.js';

export interface ConsulOptions {
  /** For example `http://127.0.0.1:8500`. */
  address: string;
  token?: string;
  /** `user:password` of a proxy in front of Consul. */
  auth?: string;
  /** Attempts in a row of one query before it is given up; 0: it is never given up. */
  attempts: number;
  onChange: () => void;
  /** Called when a query was given up. */
  onLost: (problem: string) => void;
  log: Log;
}

/** Consul answers after this time at the latest, changed or not. */
const WAIT = '60s';
const REQUEST_TIMEOUT_MS = 75_000;
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 60_000;
/** The shortest time between two requests of a query, so that a busy one does not spin. */
const LEAST_MS = 100;

/** Answers queries from a Consul agent. Each query is watched with blocking queries as long as templates use it. */
export class ConsulAnswers implements QueryPort {
  readonly #options: ConsulOptions;
  readonly #watches = new Map<string, Watch>();

  constructor(options: ConsulOptions) {
    this.#options = options;
  }

  answer(query: Query): Value {
    if (query.kind === 'file' || query.kind === 'model') return undefined;
    const text = queryText(query);
    let watch = this.#watches.get(text);
    if (watch === undefined) {
      watch = new Watch(query, text, this.#options);
      this.#watches.set(text, watch);
    }
    return watch.value;
  }

  stop(): void {
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
  }
}

/** One query and its answer. */
class Watch {
  value: Value;
  readonly #query: Query;
  readonly #text: string;
  readonly #options: ConsulOptions;
  readonly #stopping = new AbortController();
  #index = '0';
  #body: string | undefined;

  constructor(query: Query, text: string, options: ConsulOptions) {
    this.#query = query;
    this.#text = text;
    this.#options = options;
    void this.#follow();
  }

  stop(): void {
    this.#stopping.abort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    const { attempts, log, onLost } = this.#options;
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.#ask();
        failures = 0;
        await pause(this.#query.kind === 'datacenters' ? 15_000 : LEAST_MS, signal);
      } catch (error) {
        if (this.#isStopped()) return;
        failures += 1;
        const problem = `${this.#text}: ${errorMessage(reasonOf(error))}`;
        if (attempts > 0 && failures >= attempts) {
          onLost(problem);
          return;
        }
        log.warn('Consul cannot be reached; the values from it stay as they were', { problem, failures });
        this.#index = '0';
        await pause(Math.min(FIRST_RETRY_MS * 2 ** (failures - 1), LAST_RETRY_MS), signal);
      }
    }
  }

  #isStopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #ask(): Promise<void> {
    const { onChange } = this.#options;
    const url = this.#url(pathOf(await this.#named()));
    url.searchParams.set('stale', '');
    if (this.#index !== '0') {
      url.searchParams.set('index', this.#index);
      url.searchParams.set('wait', WAIT);
    }
    const response = await this.#fetch(url);
    const body = await response.text();
    if (!response.ok && response.status !== 404)
      throw new Error(`${url.pathname}: ${response.status} ${body.trim()}`);
    const index = response.headers.get('X-Consul-Index') ?? '0';
    // An index that went back means starting over: a restored snapshot, or another cluster.
    this.#index = this.#index !== '0' && BigInt(index) < BigInt(this.#index) ? '0' : index;
    const found = response.status === 404 ? '' : body;
    if (found === this.#body) return;
    this.#body = found;
    this.value = valueOf(this.#query, found);
    onChange();
  }

  /** A query without a node name means the agent's own node, so its name is requested first. */
  async #named(): Promise<Query> {
    if (this.#query.kind !== 'node' || this.#query.name !== undefined) return this.#query;
    const response = await this.#fetch(this.#url('/v1/agent/self'));
    if (!response.ok) throw new Error(`/v1/agent/self: ${response.status} ${(await response.text()).trim()}`);
    const self = (await response.json()) as { Config: { NodeName: string } };
    return { ...this.#query, name: self.Config.NodeName };
  }

  #url(path: string): URL {
    return new URL(path, this.#options.address);
  }

  #fetch(url: URL): Promise<Response> {
    const { token, auth } = this.#options;
    return fetch(url, {
      headers: {
        ...(token !== undefined && { 'X-Consul-Token': token }),
        ...(auth !== undefined && { Authorization: `Basic ${Buffer.from(auth).toString('base64')}` }),
      },
      signal: AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
  }
}

/** `fetch` says only that it failed; its cause says why. */
function reasonOf(error: unknown): unknown {
  return error instanceof TypeError && error.cause instanceof Error ? error.cause : error;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
