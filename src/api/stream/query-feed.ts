import type { CatalogReader } from '../../catalog/catalog.js';
import { serviceName } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { timestamp } from '../json.js';
import type { QueriesPort, QuerySeen } from '../ports.js';
import type { QuerySeenJson } from '../types/queries-json.js';
import type { QueriesMessageJson, QueryOptionsJson } from '../types/stream.js';
import type { Outlet } from './outlet.js';
import { queryMatcher } from './query-match.js';

export interface QueryFeedOptions {
  readonly catalog: Pick<CatalogReader, 'snapshot'>;
  readonly queries: QueriesPort;
}

interface Reader {
  readonly outlet: Outlet;
  readonly fits: (query: QuerySeenJson) => boolean;
  /** What it received last. */
  oneOf: number | undefined;
  /** What it has missed. */
  missed: number;
}

/** A client with more bytes waiting misses queries, and learns how many; it is not worth losing the connection. */
const FULL_BYTES = 256 * 1024;

/** DNS queries while they are answered, to those who look. */
export class QueryFeed {
  readonly #options: QueryFeedOptions;
  readonly #readers = new Set<Reader>();
  #oneOf = 1;
  #stop: (() => void) | undefined;

  constructor(options: QueryFeedOptions) {
    this.#options = options;
  }

  /** @returns ends it */
  subscribe(outlet: Outlet, { match, not }: QueryOptionsJson): () => void {
    const reader: Reader = { outlet, fits: queryMatcher(match, not), oneOf: undefined, missed: 0 };
    this.#readers.add(reader);
    const { queries } = this.#options;
    this.#stop ??= queries.follow(({ oneOf, missed, queries: seen }) => this.#handOut(oneOf, missed, seen));
    // The first one has been told already.
    if (reader.oneOf === undefined) this.#tell(reader, this.#oneOf, 0, []);
    return () => {
      this.#readers.delete(reader);
      if (this.#readers.size > 0) return;
      this.#stop?.();
      this.#stop = undefined;
    };
  }

  #handOut(oneOf: number, missed: number, seen: readonly QuerySeen[]): void {
    this.#oneOf = oneOf;
    const { snapshot } = this.#options.catalog;
    const all = seen.map((query) => queryJson(query, snapshot));
    for (const reader of this.#readers) {
      const queries = all.filter(reader.fits);
      if (reader.outlet.waiting > FULL_BYTES) {
        reader.missed += missed + queries.length;
        continue;
      }
      const lost = reader.missed + missed;
      if (queries.length + lost === 0 && reader.oneOf === oneOf) continue;
      this.#tell(reader, oneOf, lost, queries);
    }
  }

  #tell(reader: Reader, oneOf: number, missed: number, queries: readonly QuerySeenJson[]): void {
    reader.oneOf = oneOf;
    reader.missed = 0;
    const message: QueriesMessageJson = { channel: 'queries', type: 'queries', oneOf, missed, queries };
    reader.outlet.send(JSON.stringify(message));
  }
}

function queryJson({ at, client, ...query }: QuerySeen, snapshot: Snapshot): QuerySeenJson {
  const [task] = client === undefined ? [] : snapshot.tasksAt(client);
  return {
    at: timestamp(at),
    ...(client !== undefined && { client }),
    ...(task && { task: task.name }),
    ...(task?.service && { service: serviceName(task.service) }),
    ...query,
  };
}
