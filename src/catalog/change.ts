import type { LookupKey } from './lookup-keys.js';
import type { ServiceKey } from './model.js';

/** Where changes come from that no source reports: checks, operators who drain, another configuration. */
export const HEALTH = 'health';
export const OPERATOR = 'operator';
export const CONFIGURATION = 'configuration';

/** Which keys came, changed and went. */
export interface KeyChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

/** What a new snapshot has that the one before it had not. Empty changes make no snapshot. */
export interface ChangeSet {
  /** The revision of the snapshot that has the changes. */
  readonly revision: number;
  readonly at: number;
  /** A source's name, {@link HEALTH}, {@link OPERATOR} or {@link CONFIGURATION}. */
  readonly source: string;
  readonly cause?: string;
  /** Service keys. A service whose tasks changed is `changed`. */
  readonly services: KeyChanges & { readonly added: readonly ServiceKey[] };
  /** Task ids. */
  readonly tasks: KeyChanges;
  readonly networks: KeyChanges;
  /** The entries of the snapshot's indexes that differ; what was derived from others is as right as it was. */
  readonly lookups: ReadonlySet<LookupKey> | 'all';
  /** Source state, clients, problems or drains differ. */
  readonly meta: boolean;
}

/**
 * One line of the trail that operators follow (`fairlead events -f`).
 * `seq` grows by one an event and is the id to resume from.
 */
export interface CatalogEvent {
  readonly seq: number;
  readonly at: number;
  readonly revision: number;
  readonly source: string;
  /** `task.added`, `task.health`, `task.changed`, `task.removed`, `service.added`, ..., `source.state`, `problem`. */
  readonly type: string;
  /** What it is about: a task's name, `service.stack`, a source. */
  readonly subject: string;
  readonly message: string;
  readonly cause?: string;
}
