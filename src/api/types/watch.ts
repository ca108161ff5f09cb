import type { Problem } from '../../catalog/model.js';
import type { Timestamp } from './references.js';
import type { DrainJson, ServiceJson, SourceJson, TaskJson } from './resources.js';

/** The messages of `GET /v1/watch` (docs/api.md), one JSON object per line. */
export type WatchMessage =
  WatchSnapshotJson | WatchChangeJson | WatchResetJson | WatchBeatJson | WatchErrorJson;

/** A network in the stream; tasks refer to it by its id. */
export interface NetworkJson {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  /** CIDR. */
  readonly subnets: readonly string[];
}

/** The lists without keys. Each is sent as a whole and replaces the previous one. */
export interface StateListsJson {
  readonly sources: readonly SourceJson[];
  readonly problems: readonly Problem[];
  readonly drains: readonly DrainJson[];
}

/** The end of a snapshot or a change. All parts but the last have `more` instead. */
interface WholeOrPart {
  /** More parts of this snapshot or change follow; the state is complete after the last one. */
  readonly more?: true;
  /** In the last part: the cursor to resume after it (`?since=`). */
  readonly cursor?: string;
}

/** The whole state at one revision; it replaces all earlier state. A large one comes in several parts. */
export interface WatchSnapshotJson extends WholeOrPart, Partial<StateListsJson> {
  readonly type: 'snapshot';
  readonly revision: number;
  /** When the revision was created. */
  readonly at: Timestamp;
  /** The number of the part; 1 starts a snapshot. */
  readonly part: number;
  readonly domain: string;
  /** The daemon's own environment. */
  readonly environment: string;
  readonly services: readonly ServiceJson[];
  /** Their endpoints have no `networkName`, because `networks` has the names. */
  readonly tasks: readonly TaskJson[];
  readonly networks: readonly NetworkJson[];
}

/** New and changed items (`set`), and the keys of removed ones (`removed`). */
export interface KeyedChangesJson<Item> {
  readonly set?: readonly Item[];
  readonly removed?: readonly string[];
}

/** The difference from the previous revision; after a resume, from the revision of the cursor. */
export interface WatchChangeJson extends WholeOrPart, Partial<StateListsJson> {
  readonly type: 'change';
  /** The revision of the state after the last part. */
  readonly revision: number;
  /** The revision to which the change applies. */
  readonly since: number;
  readonly at: Timestamp;
  /** The source of the change, or `health`, `operator` or `configuration`; absent for several changes in one. */
  readonly source?: string;
  readonly cause?: string;
  readonly services?: KeyedChangesJson<ServiceJson>;
  readonly tasks?: KeyedChangesJson<TaskJson>;
  readonly networks?: KeyedChangesJson<NetworkJson>;
}

/** The stream cannot continue from the client's position; a snapshot follows. */
export interface WatchResetJson {
  readonly type: 'reset';
  readonly why: string;
}

/** Keep-alive: nothing happened, and the client has everything. */
export interface WatchBeatJson {
  readonly type: 'beat';
  readonly revision: number;
  readonly cursor: string;
  /** The daemon's time. */
  readonly now: Timestamp;
}

/** The last message: why the daemon ends the stream, and what to do. */
export interface WatchErrorJson {
  readonly type: 'error';
  readonly code: 'slow-reader' | 'stopping';
  readonly detail: string;
}
