import { isDeepStrictEqual } from 'node:util';
import type { DaemonStatus } from '../api/ports.js';
import type { CatalogReader } from '../catalog/catalog.js';
import type { Problem, TaskNode } from '../catalog/model.js';
import type { Publisher, PublisherStatus } from '../catalog/publisher.js';
import type { Config } from '../config/config-model.js';
import { fairleadVersion } from '../cli/fairlead-version.js';
import { instancesOf } from '../config/source-instances.js';
import { consulAddress } from '../consul/consul-settings.js';
import { hostAddress } from '../linux/addresses.js';
import { errorMessage } from '../net/error-message.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import type { DaemonLog } from './daemon-log.js';
import { capabilitiesOf } from './source-table.js';

interface Wanted {
  readonly name: string;
  readonly settings: unknown;
  readonly create: () => Promise<Publisher>;
}

interface Running {
  readonly publisher: Publisher;
  readonly settings: unknown;
  status: PublisherStatus;
}

/** Runs the configured publishers, and restarts them when their settings change. */
export class Publishers implements Part {
  readonly name = 'publishers';
  readonly #catalog: CatalogReader;
  readonly #log: DaemonLog;
  readonly #node: () => TaskNode;
  readonly #running = new Map<string, Running>();

  /** @param node this host, whose tasks are published */
  constructor(catalog: CatalogReader, log: DaemonLog, node: () => TaskNode) {
    this.#catalog = catalog;
    this.#log = log;
    this.#node = node;
  }

  async start({ config }: LoadedConfig): Promise<void> {
    await this.#change(config);
  }

  async reload({ config }: LoadedConfig): Promise<void> {
    await this.#change(config);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ publisher }) => publisher.stop()));
    this.#running.clear();
  }

  statuses(): DaemonStatus['publishers'] {
    return [...this.#running].map(([name, { publisher, status }]) => {
      const { state, asOf, error, detail } = status;
      return {
        ...{ name, state, failures: publisher.failures },
        ...(asOf !== undefined && { asOf }),
        ...(error !== undefined && { error }),
        ...(detail !== undefined && { detail }),
      };
    });
  }

  problems(): readonly Problem[] {
    return [...this.#running.values()].flatMap(({ status }) => status.problems ?? []);
  }

  async #change(config: Config): Promise<void> {
    const wanted = this.#wanted(config);
    const names = new Set(wanted.map(({ name }) => name));
    for (const [name, { publisher }] of [...this.#running]) {
      if (names.has(name)) continue;
      await publisher.stop();
      this.#running.delete(name);
    }
    for (const each of wanted) await this.#replace(each);
  }

  async #replace({ name, settings, create }: Wanted): Promise<void> {
    const before = this.#running.get(name);
    if (isDeepStrictEqual(before?.settings, settings)) return;
    await before?.publisher.stop();
    const publisher = await create();
    const running: Running = { publisher, settings, status: { state: 'loading' } };
    this.#running.set(name, running);
    const status = (now: PublisherStatus) => {
      running.status = now;
    };
    // Nothing waits for a registry that is away.
    publisher.start(this.#catalog, { status }).catch((error: unknown) => {
      this.#log.of(name).error('it could not be started; please report it', { error: errorMessage(error) });
    });
  }

  #wanted({ publishers, host }: Config): Wanted[] {
    const node = this.#node();
    const { address } = host;
    return instancesOf('consul', publishers.consul).map(({ source: name, settings }) => ({
      name,
      settings: { settings, node, address },
      create: async () => {
        const { createConsulPublisher } = await import('../publishers/consul/consul-publisher.js');
        const { ids, internal, network, explicit } = settings;
        return createConsulPublisher({
          ...{ name, node, ids, internal, network, explicit, version: fairleadVersion() },
          consul: consulAddress(settings, process.env),
          hostAddress: () => address ?? hostAddress(),
          publishes: (source) => capabilitiesOf(source).exec,
          log: this.#log.of(name),
        });
      },
    }));
  }
}
