import type { LookupKey } from './lookup-keys.js';
import type { ServiceKey, Task } from './model.js';

/** The origins of changes that do not come from a source: health checks, drains by operators, a new configuration. */
export const HEALTH = 'health';
export const OPERATOR = 'operator';
export const CONFIGURATION = 'configuration';

/** Keys that were added, changed and removed. */
export interface KeyChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** How a new snapshot differs from the previous one. An empty change makes no snapshot. */
export interface ChangeSet {
  /** The revision of the snapshot that contains the changes. */
  readonly revision: number;
  readonly at: number;
  /** A source's name, {@link HEALTH}, {@link OPERATOR} or {@link CONFIGURATION}. */
  readonly source: string;
  readonly cause?: string;
  /** Service keys. A service whose tasks changed counts as `changed`. */
  readonly services: KeyChanges & { readonly added: readonly ServiceKey[] };
  /** Task ids. */
  readonly tasks: KeyChanges;
  readonly networks: KeyChanges;
  /** The changed entries of the snapshot's indexes. Results derived from other entries remain valid. */
  readonly lookups: ReadonlySet<LookupKey> | 'all';
  /** Whether source status, clients, problems or drains changed. */
  readonly meta: boolean;
}

/**
 * One line of the event trail that operators follow (`fairlead events -f`). `seq` grows by one with each event and is
 * the id to resume from.
 */
export interface CatalogEvent {
  readonly seq: number;
  readonly at: number;
  readonly revision: number;
  readonly source: string;
  /** `task.added`, `task.health`, `task.changed`, `task.removed`, `service.added`, `service.version`, ..., `source.state`, `problem`. */
  readonly type: string;
  /** What the event is about: a task's name, `service.stack` or a source. */
  readonly subject: string;
  readonly message: string;
  readonly cause?: string;
  /** The task that the event is about, and what it ran. */
  readonly task?: EventTask;
  /** Where its subject is; absent: it concerns a source, or the daemon. */
  readonly place?: { readonly environment: string; readonly stack: string };
}

/** A task as an event shows it. */
export type EventTask = Pick<
  Task,
  'id' | 'node' | 'image' | 'imageId' | 'createdAt' | 'startedAt' | 'restarts'
>;
