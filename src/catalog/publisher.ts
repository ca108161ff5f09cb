import type { CatalogReader } from './catalog.js';
import type { Problem, SourceState } from './model.js';

/** How current a registry's copy of this host's tasks is. */
export interface PublisherStatus {
  /** As for a source: `loading` until the first reconciliation, `stale` while the registry is unreachable. */
  readonly state: SourceState;
  /** When the registry was last known to be correct, in milliseconds since the epoch. Undefined while loading. */
  readonly asOf?: number;
  /** Why it is not correct, in one line, with what to do. */
  readonly error?: string;
  /** A line for `fairlead status`: `http://127.0.0.1:8500, Consul 1.8.7, 12 entries`. */
  readonly detail?: string;
  /** Tasks that could not be published as written. */
  readonly problems?: readonly Problem[];
}

/** Where a publisher reports its status. */
export interface PublisherSink {
  status(status: PublisherStatus): void;
}

/**
 * Publishes this host's tasks to a registry: the mirror image of a source. It reads snapshots and never changes the
 * catalog. Its actions depend only on the newest snapshot and the registry's content, so lost calls and restarts do no
 * harm.
 */
export interface Publisher {
  readonly name: string;
  /** Attempts to bring the registry up to date that failed, since it was made. */
  readonly failures: number;
  /**
   * Starts publishing. Resolves after the first attempt, successful or not. The publisher keeps trying until it is
   * stopped.
   */
  start(reader: CatalogReader, sink: PublisherSink): Promise<void>;
  /**
   * Resolves when the publisher will write nothing more and all its sockets, timers and listeners are closed. The
   * published entries stay, because the tasks keep running while the daemon restarts.
   */
  stop(): Promise<void>;
}
