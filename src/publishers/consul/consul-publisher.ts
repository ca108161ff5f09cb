import type { CatalogReader } from '../../catalog/catalog.js';
import type { Problem } from '../../catalog/model.js';
import type { Publisher, PublisherSink } from '../../catalog/publisher.js';
import { systemQueryTimers, type QueryTimers } from '../../consul/blocking-query.js';
import { ConsulClient, ConsulError, type ConsulAddress } from '../../consul/consul-client.js';
import { silentLog, type Log } from '../../net/log.js';
import { checkId, isSame, readAgent, type AgentEntry } from './agent-state.js';
import type { ConsulEntry, EntryOptions } from './consul-entry.js';
import { wantedEntries } from './wanted-entries.js';

export interface ConsulPublisherOptions extends Omit<
  EntryOptions,
  'networkName' | 'spansHosts' | 'hostAddress'
> {
  readonly name?: string;
  readonly consul: ConsulAddress;
  readonly hostAddress: () => string | undefined;
  /** Whether to publish tasks of this source. Containers are published. */
  readonly publishes?: (source: string) => boolean;
  readonly log?: Log;
  readonly timers?: QueryTimers;
  readonly timing?: Partial<PublisherTiming>;
}

export interface PublisherTiming {
  /** Milliseconds between two comparisons with the agent, and between two beats of the checks. */
  readonly tick: number;
  /** Milliseconds after which a check without a beat becomes critical. */
  readonly ttl: number;
  readonly minBackoff: number;
  readonly maxBackoff: number;
}

const usualTiming: PublisherTiming = { tick: 20_000, ttl: 90_000, minBackoff: 100, maxBackoff: 1500 };

/**
 * The output of a beat. Consul writes a check to its servers, and wakes everyone who watches the service, when its
 * output changes. It registers a check without output, so this must stay empty; the text is in the notes.
 */
const NO_OUTPUT = '';
const NOTES = 'as Fairlead sees it';

/** If waiting for a change of an entry ends sooner than this, in milliseconds, it was useless. */
const QUICK_MS = 1000;
/** After this many useless waits in a row, only the next tick looks again. */
const MAX_QUICK_ENDS = 5;

/**
 * Publishes this host's containers in the host's Consul agent. docs/publishers-consul.md says what it writes and when.
 */
export function createConsulPublisher(options: ConsulPublisherOptions): Publisher {
  return new ConsulPublisher(options);
}

class ConsulPublisher implements Publisher {
  readonly name: string;
  readonly #options: ConsulPublisherOptions;
  readonly #client: ConsulClient;
  readonly #timers: QueryTimers;
  readonly #timing: PublisherTiming;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #wake: () => void = () => undefined;
  #unsubscribe: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #sentinel: Promise<void> | undefined;
  #isDirty = true;
  /** The agent's state must be read, because our knowledge of it may be wrong. */
  #mustRead = true;
  #known = new Map<string, AgentEntry>();
  #quickEnds = 0;
  #asOf: number | undefined;
  #told = '';
  #failures = 0;

  constructor(options: ConsulPublisherOptions) {
    this.name = options.name ?? 'consul';
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.#timers = options.timers ?? systemQueryTimers;
    this.#timing = { ...usualTiming, ...options.timing };
    this.#client = new ConsulClient({ ...options.consul, datacenter: undefined }, 16);
  }

  get failures(): number {
    return this.#failures;
  }

  async start(reader: CatalogReader, sink: PublisherSink): Promise<void> {
    this.#unsubscribe = reader.onChange(({ tasks, meta }) => {
      if (!meta && tasks.added.length + tasks.changed.length + tasks.removed.length === 0) return;
      this.#isDirty = true;
      this.#wake();
    });
    await new Promise<void>((resolve) => {
      this.#running = this.#run(reader, sink, resolve).finally(resolve);
    });
  }

  async stop(): Promise<void> {
    this.#unsubscribe();
    this.#stopping.abort();
    this.#wake();
    await this.#running;
    this.#client.close();
    await this.#sentinel;
  }

  async #run(reader: CatalogReader, sink: PublisherSink, attempted: () => void): Promise<void> {
    let inARow = 0;
    while (!this.#isStopping()) {
      try {
        this.#isDirty = false;
        await this.#reconcile(reader, sink);
        inARow = 0;
      } catch (error) {
        if (this.#isStopping()) return;
        this.#failures++;
        inARow++;
        this.#mustRead = true;
        this.#tellAway(sink, error instanceof ConsulError ? error : new ConsulError(String(error)));
      }
      attempted();
      await this.#pause(inARow);
    }
  }

  async #reconcile({ snapshot }: CatalogReader, sink: PublisherSink): Promise<void> {
    const { publishes = () => true, hostAddress, ...options } = this.#options;
    const entryOptions: EntryOptions = {
      ...options,
      hostAddress: hostAddress(),
      networkName: (id) => snapshot.network(id)?.name,
      spansHosts: (id) => snapshot.network(id)?.driver === 'overlay',
    };
    // Until the engine has reported, no task may be considered removed.
    const isKnown = snapshot.sources.every(({ name, state }) => state !== 'loading' || !publishes(name));
    const own = [...snapshot.tasks()].filter(
      ({ node, source }) => node?.id === options.node.id && publishes(source),
    );
    const found = wantedEntries(own, entryOptions);
    const wanted = found.entries;
    const problems: Problem[] = [...found.problems];
    const isBeat = this.#mustRead;
    if (this.#mustRead) await this.#read();
    const refused: ConsulError[] = [];
    for (const entry of wanted.values()) {
      const error = await this.#publish(entry, isBeat);
      if (!error) continue;
      refused.push(error);
      const subject = `Consul entry ${entry.id}`;
      problems.push({ code: 'consul-refused', subject, message: `${subject}: ${error.message}` });
    }
    const [first] = refused;
    // The token may do nothing: that is one fault, and not one of each container.
    if (first?.status === 403 && refused.length === wanted.size) throw first;
    for (const [id, { owner }] of [...this.#known]) {
      if (owner !== options.node.id || wanted.has(id) || !isKnown) continue;
      await this.#put(`/agent/service/deregister/${encodeURIComponent(id)}`);
      this.#known.delete(id);
    }
    if (this.#isStopping()) return;
    this.#watchAgent([...wanted.keys()][0]);
    this.#tellLive(sink, wanted.size, problems);
  }

  async #read(): Promise<void> {
    const { signal } = this.#stopping;
    const [services, checks] = await Promise.all([
      this.#client.get('/agent/services', { signal }),
      this.#client.get('/agent/checks', { signal }),
    ]);
    this.#known = readAgent(services.body, checks.body);
    this.#mustRead = false;
  }

  /** @returns why the agent refuses this entry; the others are not affected */
  async #publish(entry: ConsulEntry, isBeat: boolean): Promise<ConsulError | undefined> {
    try {
      await this.#write(entry, isBeat);
      return undefined;
    } catch (error) {
      if (!(error instanceof ConsulError) || error.status === undefined || error.status >= 500) throw error;
      return error;
    }
  }

  async #write(entry: ConsulEntry, isBeat: boolean): Promise<void> {
    const has = this.#known.get(entry.id);
    if (!has || !isSame(entry, has)) {
      await this.#register(entry);
    } else if (isBeat || has.status !== entry.status) {
      await this.#put(`/agent/check/update/${encodeURIComponent(checkId(entry.id))}`, {
        Status: entry.status,
        Output: NO_OUTPUT,
      });
    }
    const drains = entry.maintenance !== undefined;
    if (drains !== (has?.inMaintenance ?? false)) {
      const id = encodeURIComponent(entry.id);
      const reason = drains ? { reason: `fairlead: ${entry.maintenance ?? ''}` } : {};
      await this.#put(`/agent/service/maintenance/${id}`, undefined, { enable: String(drains), ...reason });
    }
    this.#known.set(entry.id, {
      ...entry,
      owner: this.#options.node.id,
      inMaintenance: drains,
    });
  }

  async #register(entry: ConsulEntry): Promise<void> {
    await this.#put(
      '/agent/service/register',
      {
        ID: entry.id,
        Name: entry.name,
        Address: entry.address,
        Port: entry.port,
        Tags: entry.tags,
        Meta: entry.meta,
        Weights: { Passing: entry.weight, Warning: 1 },
        Check: {
          Name: 'Fairlead',
          Notes: NOTES,
          TTL: `${this.#timing.ttl}ms`,
          Status: entry.status,
          ...(entry.deregisterAfter !== undefined && {
            DeregisterCriticalServiceAfter: entry.deregisterAfter,
          }),
        },
      },
      { 'replace-existing-checks': 'true' },
    );
  }

  async #put(path: string, body?: unknown, query: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.#isStopping()) throw new ConsulError('stopped');
    await this.#client.put(path, { body, query, signal: this.#stopping.signal });
  }

  /**
   * Waits for a change of one of our own entries. This notices at once when an agent restarts or loses its data,
   * without waiting for the next tick.
   */
  #watchAgent(id: string | undefined): void {
    if (this.#sentinel || id === undefined || this.#quickEnds >= MAX_QUICK_ENDS) return;
    const begun = this.#timers.now();
    const { signal } = this.#stopping;
    const path = `/agent/service/${encodeURIComponent(id)}`;
    const look = async () => {
      const { body } = await this.#client.get(path, { signal });
      const hash = (body as { ContentHash?: unknown } | undefined)?.ContentHash;
      if (typeof hash !== 'string') return;
      await this.#client.get(path, { query: { hash, wait: '60s' }, timeout: 75_000, signal });
    };
    this.#sentinel = look()
      .catch(() => undefined)
      .then(() => {
        this.#sentinel = undefined;
        if (this.#isStopping()) return;
        const isQuick = this.#timers.now() - begun < QUICK_MS;
        this.#quickEnds = isQuick ? this.#quickEnds + 1 : 0;
        this.#mustRead = true;
        this.#isDirty = true;
        this.#wake();
      });
  }

  #tellLive(sink: PublisherSink, count: number, problems: readonly Problem[]): void {
    const detail = `${this.#client.address}, ${count} entries`;
    this.#asOf = Date.now();
    const text = JSON.stringify([detail, problems]);
    if (text === this.#told) return;
    if (!this.#told.startsWith('[')) this.#log.info('connected', { consul: this.#client.address });
    this.#told = text;
    sink.status({ state: 'live', asOf: this.#asOf, detail, problems });
  }

  #tellAway(sink: PublisherSink, { message }: ConsulError): void {
    if (message === this.#told) return;
    this.#told = message;
    this.#log.warn(message);
    const asOf = this.#asOf;
    sink.status({
      ...(asOf === undefined ? { state: 'loading' } : { state: 'stale', asOf }),
      error: message,
      detail: this.#client.address,
    });
  }

  /** Waits until something changes, or until it is time to look again. */
  async #pause(failures: number): Promise<void> {
    const { tick, minBackoff, maxBackoff } = this.#timing;
    const most = failures === 0 ? tick : Math.min(maxBackoff, minBackoff * 2 ** Math.min(failures - 1, 16));
    const ms = most * (0.5 + 0.5 * this.#timers.random());
    if (this.#isStopping() || (failures === 0 && this.#isDirty)) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#timers.after(ms, () => {
        this.#mustRead = true;
        this.#quickEnds = 0;
        resolve();
      });
      // While the agent is unreachable, a change of the catalog does not trigger an attempt.
      this.#wake = () => {
        if (failures > 0 && !this.#isStopping()) return;
        cancel();
        resolve();
      };
    });
    this.#wake = () => undefined;
  }

  /** A function, because the value changes during an await, which type narrowing does not see. */
  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}
