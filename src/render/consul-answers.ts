import { isDeepStrictEqual } from 'node:util';
import { BlockingQuery, systemQueryTimers, type QueryTimers } from '../consul/blocking-query.js';
import { ConsulClient, ConsulError, type ConsulAnswer } from '../consul/consul-client.js';
import { consulAddress } from '../consul/consul-settings.js';
import { Gate } from '../consul/gate.js';
import type { Log } from '../net/log.js';
import type { Value } from '../template/value.js';
import { valueOf } from './consul-bodies.js';
import { requestOf } from './consul-requests.js';
import { queryText, type Query } from './queries.js';
import type { QueryPort } from './run-context.js';

export interface ConsulOptions {
  /** `http://127.0.0.1:8500`, or without a scheme. */
  address: string;
  token?: string;
  /** `user:password` of a proxy in front of Consul. */
  auth?: string;
  /** Whether each query is answered once and not followed: it leaves nothing behind at Consul. */
  once: boolean;
  /** Attempts in a row of one query before it is given up; 0: it is never given up. */
  attempts: number;
  /** `CONSUL_CACERT`, `CONSUL_CLIENT_CERT` and `CONSUL_CLIENT_KEY` are read. */
  environment: NodeJS.ProcessEnv;
  onChange: () => void;
  /** Called when a query was given up. */
  onLost: (problem: string) => void;
  log: Log;
}

/** Consul answers after this time at the latest, changed or not. As consul-template has it, in milliseconds. */
const WAIT_MS = 60_000;
const pace = { wait: WAIT_MS, burst: 2, refill: 100, minBackoff: 250, maxBackoff: 60_000, poll: 1000 };
/** Consul tells no index for them. */
const DATACENTERS_MS = 15_000;
/** Queries that block, each on a connection; an agent accepts 200. The others are polled. */
const MAX_BLOCKING = 140;
const POLL_MS = 30_000;

/** Answers queries from a Consul agent. Each query is followed with blocking queries as long as templates use it. */
export class ConsulAnswers implements QueryPort {
  readonly #options: ConsulOptions;
  readonly #client: ConsulClient;
  readonly #timers: QueryTimers = systemQueryTimers;
  readonly #gate = new Gate(this.#timers);
  readonly #watches = new Map<string, Watch>();

  constructor(options: ConsulOptions) {
    this.#options = options;
    const { CONSUL_CACERT, CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY } = options.environment;
    const files = { CONSUL_CACERT, CONSUL_CLIENT_CERT, CONSUL_CLIENT_KEY };
    this.#client = new ConsulClient(
      consulAddress({ address: fullAddress(options), token: options.token }, files),
    );
  }

  answer(query: Query): Value {
    if (query.kind === 'file' || query.kind === 'model') return undefined;
    const text = queryText(query);
    let watch = this.#watches.get(text);
    if (watch === undefined) {
      watch = this.#follow(query, text);
      this.#watches.set(text, watch);
    }
    return watch.value;
  }

  stop(): void {
    for (const { query } of this.#watches.values()) void query.stop();
    this.#watches.clear();
    this.#gate.stop();
    this.#client.close();
  }

  #follow(query: Query, text: string): Watch {
    const { once, attempts, onChange, onLost, log } = this.#options;
    const isPolled = this.#watches.size >= MAX_BLOCKING;
    let answered: ConsulAnswer | undefined;
    let failures = 0;
    const following = new BlockingQuery({
      timers: this.#timers,
      pace: { ...pace, poll: pollOf(query, isPolled) },
      ask: (index, wait, timeout, signal) =>
        this.#gate.pass(signal, () => this.#ask(query, index, wait, timeout, signal)),
      // A query that blocks would go on at Consul after its connection has ended.
      mayBlock: () => !once && !isPolled,
      onAlive: () => {
        failures = 0;
      },
      onAnswer: (answer) => {
        if (answered && isDeepStrictEqual(answer.body, answered.body)) return;
        answered = answer;
        watch.value = valueOf(query, answer.body);
        if (once && watch.value !== undefined) void following.stop();
        onChange();
      },
      onFailure: ({ message }) => {
        failures += 1;
        const problem = `${text}: ${message}`;
        if (attempts > 0 && failures >= attempts) {
          void following.stop();
          onLost(problem);
          return;
        }
        log.warn('Consul cannot be reached; the values from it stay as they were', { problem, failures });
      },
    });
    const watch: Watch = { query: following, value: undefined };
    void following.start();
    return watch;
  }

  async #ask(
    query: Query,
    index: bigint | undefined,
    wait: number,
    timeout: number,
    signal: AbortSignal,
  ): Promise<ConsulAnswer> {
    const { path, parameters, mayBeMissing } = requestOf(await this.#named(query, signal));
    const blocking = index !== undefined && { index: String(index), wait: `${wait}ms` };
    return this.#client.get(path, {
      query: { ...parameters, stale: '', ...blocking },
      ...{ mayBeMissing, timeout, signal },
    });
  }

  /** A query without a node name means the agent's own node. No path accepts `_agent`, so its name is asked for. */
  async #named(query: Query, signal: AbortSignal): Promise<Query> {
    if (query.kind !== 'node' || query.name !== undefined) return query;
    const { body } = await this.#client.get('/agent/self', { signal });
    const name = (body as { Config?: { NodeName?: unknown } } | undefined)?.Config?.NodeName;
    if (typeof name !== 'string') throw new ConsulError(`${this.#client.address}: has no name of a node`);
    return { ...query, name };
  }
}

/** One query and its answer. */
interface Watch {
  readonly query: BlockingQuery;
  value: Value;
}

function pollOf({ kind }: Query, isPolled: boolean): number {
  if (kind === 'datacenters') return DATACENTERS_MS;
  return isPolled ? POLL_MS : pace.poll;
}

function fullAddress({ address, auth }: Pick<ConsulOptions, 'address' | 'auth'>): string {
  const full = /^https?:\/\//.test(address) ? address : `http://${address}`;
  if (auth === undefined) return full;
  const [user = '', ...password] = auth.split(':');
  const login = `${encodeURIComponent(user)}:${encodeURIComponent(password.join(':'))}`;
  return full.replace('://', `://${login}@`);
}
