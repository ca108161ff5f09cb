import type { CatalogReader } from './catalog.js';
import type { Problem, SourceState } from './model.js';

/** How current a registry is about what this host has. */
export interface PublisherStatus {
  /** As for a source: `loading` until the first reconciliation, `stale` while the registry is away. */
  readonly state: SourceState;
  /** When the registry was last known to be right; milliseconds since the epoch; absent while loading. */
  readonly asOf?: number;
  /** Why it is not right: one line, with what to do. */
  readonly error?: string;
  /** A line for `fairlead status`: `http://127.0.0.1:8500, Consul 1.8.7, 12 entries`. */
  readonly detail?: string;
  /** What could not be published as it is written. */
  readonly problems?: readonly Problem[];
}

/** Where a publisher says how it fares. */
export interface PublisherSink {
  status(status: PublisherStatus): void;
}

/**
 * Tells a registry of this host's tasks: the mirror of a source. It reads snapshots and never changes the catalog. What
 * it does depends only on the newest snapshot and on what the registry has, so lost calls and restarts do no harm.
 */
export interface Publisher {
  readonly name: string;
  /** Attempts to bring the registry up to date that failed, since it was made. */
  readonly failures: number;
  /**
   * Begins to publish. Resolves when the first attempt is over, whether the registry was there or not. It goes on trying
   * until it is stopped.
   */
  start(reader: CatalogReader, sink: PublisherSink): Promise<void>;
  /**
   * Resolves when nothing more will be written and every socket, timer and listener is closed. What was published
   * stays: the tasks go on running while the daemon restarts.
   */
  stop(): Promise<void>;
}
