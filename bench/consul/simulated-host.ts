import { AsyncLocalStorage } from 'node:async_hooks';
import { Catalog } from '../../src/catalog/catalog.js';
import { Demand } from '../../src/catalog/demand.js';
import type { FactSink, TaskFact } from '../../src/catalog/facts.js';
import { ConsulClient, type ConsulAnswer, type RequestOptions } from '../../src/consul/consul-client.js';
import { createConsulPublisher } from '../../src/publishers/consul/consul-publisher.js';
import { createConsulSource, type ConsulSourceOptions } from '../../src/sources/consul/consul-source.js';

/** Whether a source is asking: publishers ask for other things, at another pace. */
export const sourceAsks = new AsyncLocalStorage<true>();

/** A client of a source, which counts its requests. */
class CountingClient extends ConsulClient {
  /** Requests by what was asked for. */
  readonly asked = { list: 0, services: 0 };

  override get(path: string, options?: RequestOptions): Promise<ConsulAnswer> {
    this.asked[path === '/catalog/services' ? 'list' : 'services']++;
    return sourceAsks.run(true, () => super.get(path, options));
  }
}

/** The real source and publisher of a host, with a catalog instead of an engine. */
export class SimulatedHost {
  readonly name: string;
  readonly catalog = new Catalog();
  readonly demand = new Demand();
  readonly #client: CountingClient;
  readonly #docker: FactSink;
  readonly #stops: (() => Promise<void>)[] = [];
  readonly #start: () => Promise<void>;

  constructor(
    name: string,
    address: string,
    services: ConsulSourceOptions['services'],
    { reads = true, publishes = true }: { readonly reads?: boolean; readonly publishes?: boolean } = {},
  ) {
    this.name = name;
    const node = { id: `id-${name}`, name };
    this.#client = new CountingClient({ address });
    this.#docker = this.catalog.sink('docker', undefined, { node: node.id });
    this.#docker.status({ state: 'live' });
    this.#start = async () => {
      if (publishes) {
        const publisher = createConsulPublisher({
          ...{ consul: { address }, node, ids: 'fairlead', internal: true, explicit: false },
          hostAddress: () => '192.0.2.1',
          publishes: (source) => source === 'docker',
        });
        this.#stops.push(() => publisher.stop());
        await publisher.start(this.catalog, { status: () => undefined });
      }
      if (!reads) return;
      const source = createConsulSource({
        ...{ consul: { address }, client: this.#client, services, demand: this.demand },
        ...{ environment: 'default', stack: 'consul' },
      });
      this.#stops.push(() => source.stop());
      await source.start(this.catalog.sink('consul', undefined, { isRemote: true, rank: 1 }));
    };
  }

  /** Requests of the source: for the list of services, and for one service each. */
  get asked(): Readonly<Record<'list' | 'services', number>> {
    return { ...this.#client.asked };
  }

  get requests(): number {
    const { list, services } = this.#client.asked;
    return list + services;
  }

  /** Makes the host have these tasks. */
  run(tasks: readonly TaskFact[]): void {
    this.#docker.replace({ tasks });
  }

  start(): Promise<void> {
    return this.#start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
  }

  /** A task of this host. */
  task(id: string, service: string, ip: string, weight = 1): TaskFact {
    return {
      ...{ id, name: id, names: [id], environment: 'default', stack: 'bench', health: 'healthy', weight },
      service: { environment: 'default', stack: 'bench', service },
      node: { id: `id-${this.name}`, name: this.name },
      endpoints: [{ network: 'bridge', ip }],
      ports: [{ port: 80, protocol: 'tcp', target: 80 }],
      ...{ labels: {}, links: {}, expose: false },
    };
  }

  /** Resolves when the catalog has what is looked for. */
  until(isThere: (catalog: Catalog['snapshot']) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const end = this.catalog.onChange(() => look());
      const look = (): void => {
        if (!isThere(this.catalog.snapshot)) return;
        end();
        resolve();
      };
      look();
    });
  }
}
