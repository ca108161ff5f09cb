import type { FactSink, Source } from '../../catalog/facts.js';
import {
  BlockingQuery,
  systemQueryTimers,
  type QueryPace,
  type QueryTimers,
} from '../../consul/blocking-query.js';
import { ConsulClient, type ConsulAddress, type ConsulError } from '../../consul/consul-client.js';
import { Gate } from '../../consul/gate.js';
import { silentLog, type Log } from '../../net/log.js';
import { isMapping } from '../../text/yaml.js';
import { readHealthEntries } from './health-entry.js';
import { InstanceTable } from './instance-table.js';

export interface ConsulSourceOptions {
  readonly name?: string;
  readonly consul: ConsulAddress;
  /** Which services are watched. */
  readonly services: 'all' | readonly string[];
  readonly environment: string;
  /** The stack for services that Fairlead did not publish. */
  readonly stack: string;
  readonly log?: Log;
  readonly timers?: QueryTimers;
  readonly pace?: Partial<QueryPace>;
}

/**
 * The most services watched by blocking queries, with one connection each; an agent accepts 200 connections. The others
 * are polled.
 */
const MAX_BLOCKING = 140;
const POLL_MS = 30_000;
/** The list of services changes with every registration in the datacenter. */
const listPace = { burst: 3, refill: 2000 };

/** Watches the services of a Consul datacenter. docs/sources-consul.md describes what it reads and how often. */
export function createConsulSource(options: ConsulSourceOptions): Source {
  return new ConsulSource(options);
}

class ConsulSource implements Source {
  readonly name: string;
  readonly #options: ConsulSourceOptions;
  readonly #client: ConsulClient;
  readonly #timers: QueryTimers;
  readonly #gate: Gate;
  readonly #table: InstanceTable;
  readonly #log: Log;
  readonly #watches = new Map<string, BlockingQuery>();
  /** The last failure of each query. */
  readonly #failing = new Map<string, ConsulError>();
  /** Services whose first answer or failure is still missing. */
  readonly #awaited = new Set<string>();
  #list: BlockingQuery | undefined;
  #sink: FactSink | undefined;
  #begun: () => void = () => undefined;
  #isTold = false;
  #isLive = false;
  #told: string | undefined;
  #asOf: number | undefined;
  #isStopped = false;
  #failures = 0;

  constructor(options: ConsulSourceOptions) {
    this.name = options.name ?? 'consul';
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#timers = options.timers ?? systemQueryTimers;
    this.#client = new ConsulClient(options.consul);
    this.#gate = new Gate(this.#timers);
    this.#table = new InstanceTable(options);
  }

  get failures(): number {
    return this.#failures;
  }

  async start(sink: FactSink): Promise<void> {
    this.#sink = sink;
    const begun = new Promise<void>((resolve) => {
      this.#begun = resolve;
    });
    const { services } = this.#options;
    if (services === 'all') {
      this.#list = this.#query('catalog', '/catalog/services', listPace, (body) =>
        this.#watchAll(isMapping(body) ? Object.keys(body) : []),
      );
      await this.#list.start();
    } else {
      this.#watchAll(services);
    }
    this.#settle();
    await begun;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#begun();
    const queries = [...this.#watches.values(), ...(this.#list ? [this.#list] : [])];
    this.#watches.clear();
    this.#client.close();
    await Promise.all(queries.map((query) => query.stop()));
    this.#gate.stop();
  }

  #query(
    name: string,
    path: string,
    pace: Partial<QueryPace>,
    onBody: (body: unknown) => void,
    mayBlock?: (body: unknown) => boolean,
  ): BlockingQuery {
    return new BlockingQuery({
      timers: this.#timers,
      pace: { ...pace, ...this.#options.pace },
      ask: (index, wait, timeout, signal) =>
        this.#gate.pass(signal, () =>
          this.#client.get(path, {
            query: {
              stale: '',
              ...(index !== undefined && { index: String(index), wait: `${wait}ms` }),
            },
            timeout,
            signal,
          }),
        ),
      onAnswer: ({ body }) => {
        if (!this.#isStopped) onBody(body);
      },
      onAlive: () => {
        this.#failing.delete(name);
        this.#answered(name);
      },
      onFailure: (error) => {
        this.#failures += 1;
        this.#failing.set(name, error);
        this.#answered(name);
      },
      ...(mayBlock && { mayBlock: ({ body }) => mayBlock(body) }),
    });
  }

  #watchAll(names: readonly string[]): void {
    const wanted = new Set(names);
    for (const [name, watch] of this.#watches) {
      if (wanted.has(name)) continue;
      this.#watches.delete(name);
      this.#failing.delete(name);
      this.#awaited.delete(name);
      void watch.stop();
      this.#set(name, []);
    }
    for (const name of wanted) {
      if (this.#watches.has(name)) continue;
      const isPolled = this.#watches.size >= MAX_BLOCKING;
      const hasInstances = (body: unknown) => Array.isArray(body) && body.length > 0;
      const watch = this.#query(
        name,
        `/health/service/${encodeURIComponent(name)}`,
        isPolled ? { poll: POLL_MS } : {},
        (body) => this.#set(name, body),
        (body) => !isPolled && hasInstances(body),
      );
      this.#watches.set(name, watch);
      this.#awaited.add(name);
      void watch.start();
    }
  }

  #set(name: string, body: unknown): void {
    const entries = readHealthEntries(body);
    const delta = this.#table.set(name, entries);
    if (delta && this.#isTold) this.#sink?.update({ ...delta, cause: `Consul service ${name} changed` });
  }

  /** The first answers are reported together, each later one separately. */
  #answered(name: string): void {
    // The answer itself is processed after this.
    queueMicrotask(() => {
      if (this.#isStopped) return;
      this.#awaited.delete(name);
      this.#settle();
    });
  }

  #settle(): void {
    const isAway = [...this.#failing.values()].some(cannotAnswer);
    // While Consul is away, the other queries wait for it too.
    if (this.#awaited.size > 0 && !isAway) return;
    if (!isAway && !this.#isTold) {
      this.#isTold = true;
      const { tasks, problems } = this.#table;
      this.#sink?.replace({ tasks, problems }, 'Consul read');
    }
    this.#tellStatus();
    this.#begun();
  }

  #tellStatus(): void {
    const [error] = this.#failing.values();
    const detail = `${this.#client.address}, ${this.#watches.size} services`;
    const text = `${error?.message ?? ''} ${detail}`;
    // Live facts are current by definition, and a snapshot per answer would be too many.
    if (text === this.#told) return;
    this.#told = text;
    if (!error) {
      if (!this.#isLive) this.#log.info('connected', { consul: this.#client.address });
      this.#isLive = true;
      this.#asOf = Date.now();
      this.#sink?.status({ state: 'live', asOf: this.#asOf, detail });
      return;
    }
    if (this.#isLive) {
      this.#asOf = Date.now();
      this.#log.warn(error.message);
    }
    this.#isLive = false;
    const asOf = this.#asOf;
    this.#sink?.status({
      ...(asOf === undefined ? { state: 'loading' } : { state: 'stale', asOf }),
      error: error.message,
      detail,
    });
  }
}

/** The failure of one service, or of all of Consul. */
function cannotAnswer({ status }: ConsulError): boolean {
  return status === undefined || status >= 500;
}
