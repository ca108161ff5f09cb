import type { CatalogReader } from '../../src/catalog/catalog.js';
import type { PublisherStatus } from '../../src/catalog/publisher.js';
import {
  createConsulPublisher,
  type ConsulPublisherOptions,
} from '../../src/publishers/consul/consul-publisher.js';
import { publishingNode } from '../publishers/publisher-contract.js';

/** The settings of a publisher that a test does not care about: containers' own addresses, and little patience. */
export function publisherOptions(
  address: string,
  over: Partial<ConsulPublisherOptions> = {},
): ConsulPublisherOptions {
  return {
    consul: { address },
    node: publishingNode,
    ids: 'fairlead',
    internal: true,
    explicit: false,
    hostAddress: () => '192.0.2.1',
    timing: { minBackoff: 5, maxBackoff: 50 },
    ...over,
  };
}

/** A publisher that runs, and what it says of itself. */
export async function startPublisher(catalog: CatalogReader, options: ConsulPublisherOptions) {
  const publisher = createConsulPublisher(options);
  const statuses: PublisherStatus[] = [];
  await publisher.start(catalog, { status: (status) => statuses.push(status) });
  return { statuses, stop: () => publisher.stop() };
}
