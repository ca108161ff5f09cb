import { Demand } from '../../catalog/demand.js';
import type { FactSink, Source } from '../../catalog/facts.js';
import {
  BlockingQuery,
  systemQueryTimers,
  type QueryPace,
  type QueryTimers,
} from '../../consul/blocking-query.js';
import { ConsulClient, ConsulError, noLeader, type ConsulAddress } from '../../consul/consul-client.js';
import { Gate } from '../../consul/gate.js';
import { silentLog, type Log } from '../../net/log.js';
import { isMapping } from '../../text/yaml.js';
import { readHealthEntries } from './health-entry.js';
import { InstanceTable } from './instance-table.js';
import { checkRights } from './read-rights.js';
import { UsedServices } from './used-services.js';

/** What the source needs of a client. */
type SourceClient = Pick<ConsulClient, 'address' | 'get' | 'close' | 'renewSecrets'>;

export interface ConsulSourceOptions {
  readonly name?: string;
  readonly consul: ConsulAddress;
  /** Which services are watched. */
  readonly services: 'all' | 'used' | readonly string[];
  /** With `used`: what is used. */
  readonly demand?: Demand;
  readonly environment: string;
  /** The stack for services that Fairlead did not publish. */
  readonly stack: string;
  readonly log?: Log;
  /** Default: one for `consul`. */
  readonly client?: SourceClient;
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
/** The list of services among the queries; no service has an empty name. */
const LIST = '';
/** Without `all` it is polled: a query for a name that it does not have makes it ask sooner. */
const usedListPace = { ...listPace, poll: 40_000 };

/** Watches the services of a Consul datacenter. docs/sources-consul.md describes what it reads and how often. */
export function createConsulSource(options: ConsulSourceOptions): Source {
  return new ConsulSource(options);
}

class ConsulSource implements Source {
  readonly name: string;
  readonly #options: ConsulSourceOptions;
  readonly #client: SourceClient;
  readonly #timers: QueryTimers;
  readonly #gate: Gate;
  readonly #table: InstanceTable;
  readonly #log: Log;
  readonly #watches = new Map<string, BlockingQuery>();
  /** The last failure of each query. */
  readonly #failing = new Map<string, ConsulError>();
  /** Services whose first answer or failure is still missing. */
  readonly #awaited = new Set<string>();
  /** Watched services that had no instance in the last answer. */
  readonly #empty = new Set<string>();
  readonly #used: UsedServices | undefined;
  /** Whether the token may read services at all; looked up where the answers do not tell. */
  #rights: 'asked' | 'there' | undefined;
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
    this.#client = options.client ?? new ConsulClient(options.consul);
    this.#gate = new Gate(this.#timers);
    this.#table = new InstanceTable(options);
    const { services, environment, stack, demand = new Demand() } = options;
    if (services === 'used')
      this.#used = new UsedServices({
        ...{ demand, environment, stack, timers: this.#timers },
        watch: (names) => this.#watchAlso(names),
        unwatch: (name) => {
          this.#unwatch(name);
          this.#tellStatus();
        },
        isAwaited: (name) => this.#awaited.has(name),
        readList: () => this.#list?.askNow(),
        isLive: () => this.#isLive && !this.#isStopped,
      });
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
    if (typeof services !== 'string') this.#watchAll(services);
    else await this.#readList(services);
    this.#settle();
    await begun;
  }

  async #readList(services: 'all' | 'used'): Promise<void> {
    const used = this.#used;
    this.#list = this.#query(
      LIST,
      '/catalog/services',
      services === 'all' ? listPace : usedListPace,
      (body) => {
        if (used) this.#useList(used, body);
        else this.#watchAll(isMapping(body) ? Object.keys(body) : []);
      },
      () => services === 'all',
    );
    used?.start();
    await this.#list.start();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#used?.stop();
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
        this.#gate.pass(signal, async () => {
          const answer = await this.#client.get(path, {
            query: {
              stale: '',
              ...(index !== undefined && { index: String(index), wait: `${wait}ms` }),
            },
            timeout,
            signal,
          });
          // No other query would get an answer that counts.
          if (!answer.knownLeader) throw noLeader();
          return answer;
        }),
      check: (answer) => checkRights(name === LIST, answer),
      onAnswer: ({ body }) => {
        if (!this.#isStopped) onBody(body);
      },
      onAlive: () => {
        this.#failing.delete(name);
        if (name === LIST) this.#used?.readNow();
        this.#answered(name);
      },
      onFailure: (error) => {
        this.#failures += 1;
        this.#failing.set(name, error);
        if (error.status === 403) this.#client.renewSecrets();
        this.#answered(name);
      },
      ...(mayBlock && { mayBlock: ({ body }) => mayBlock(body) }),
    });
  }

  /** Watches these services and no others. */
  #watchAll(names: readonly string[]): void {
    const wanted = new Set(names);
    for (const name of [...this.#watches.keys()]) if (!wanted.has(name)) this.#unwatch(name);
    this.#watchAlso(names);
  }

  /**
   * A service that the list has no more is watched until its own answer says so too: the list may come from a server
   * that lags behind.
   */
  #useList(used: UsedServices, body: unknown): void {
    used.read(body);
    for (const name of [...this.#empty]) {
      if (used.has(name)) continue;
      this.#unwatch(name);
      used.vanished(name);
    }
  }

  #unwatch(name: string): void {
    const watch = this.#watches.get(name);
    this.#watches.delete(name);
    this.#failing.delete(name);
    this.#awaited.delete(name);
    this.#empty.delete(name);
    void watch?.stop();
    this.#set(name, []);
  }

  #watchAlso(names: readonly string[]): void {
    if (this.#isStopped) return;
    for (const name of names) {
      if (this.#watches.has(name)) continue;
      const isPolled = this.#watches.size >= MAX_BLOCKING;
      const hasInstances = (body: unknown) => Array.isArray(body) && body.length > 0;
      const watch = this.#query(
        name,
        `/health/service/${encodeURIComponent(name)}`,
        isPolled ? { poll: POLL_MS } : {},
        (body) => {
          this.#noteEmpty(name, !hasInstances(body));
          this.#set(name, body);
        },
        (body) => !isPolled && hasInstances(body),
      );
      this.#watches.set(name, watch);
      this.#awaited.add(name);
      void watch.start();
    }
  }

  /**
   * The tasks of a service that has no instance any more may have another name in Consul by now: with a second port.
   */
  #noteEmpty(name: string, isEmpty: boolean): void {
    if (!isEmpty) {
      this.#empty.delete(name);
      if (!this.#list) this.#failing.delete(LIST);
    } else if (this.#used) {
      this.#empty.add(name);
      this.#list?.askNow();
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
      if (!this.#used) return;
      // The queries that wait look into the catalog next.
      this.#sink?.flush?.();
      this.#used.settled();
    });
  }

  /** Services that are named may all be missing, or the token may not see them: the list of services tells. */
  async #askRights(): Promise<void> {
    if (this.#rights === 'asked') return;
    this.#rights = 'asked';
    try {
      checkRights(true, await this.#client.get('/catalog/services', { query: { stale: '' } }));
      this.#failing.delete(LIST);
      this.#rights = 'there';
    } catch (error) {
      this.#rights = undefined;
      this.#failing.set(LIST, error instanceof ConsulError ? error : new ConsulError(String(error)));
    }
    if (this.#isStopped) return;
    if (this.#rights === 'there') this.#settle();
    else this.#begin();
  }

  /** Nothing was answered yet, so nothing is known. What an earlier process knew is served. */
  #isBlind(): boolean {
    const { size } = this.#watches;
    return this.#list ? this.#failing.has(LIST) : size > 0 && this.#failing.size >= size;
  }

  #settle(): void {
    const isAway = [...this.#failing.values()].some(cannotAnswer);
    // While Consul is away, the other queries wait for it too.
    if (this.#awaited.size > 0 && !isAway) return;
    if (!isAway && !this.#isTold) {
      const { tasks, problems } = this.#table;
      if (this.#isBlind()) {
        this.#begin();
        return;
      }
      if (!this.#list && this.#watches.size > 0 && tasks.length === 0 && this.#rights !== 'there') {
        void this.#askRights();
        return;
      }
      this.#isTold = true;
      this.#sink?.replace({ tasks, problems }, 'Consul read');
    }
    this.#begin();
  }

  #begin(): void {
    this.#tellStatus();
    this.#begun();
  }

  #tellStatus(): void {
    const [error] = this.#failing.values();
    const known = this.#used ? `${this.#watches.size} of ${this.#used.known}` : String(this.#watches.size);
    const detail = `${this.#client.address}, ${known} services`;
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
