import type { Problem } from '../../catalog/model.js';
import type { Timestamp } from './references.js';
import type { DrainJson, ServiceJson, SourceJson, TaskJson } from './resources.js';

/** The messages of `GET /v1/watch` (docs/api.md), one JSON object a line. */
export type WatchMessage =
  WatchSnapshotJson | WatchChangeJson | WatchResetJson | WatchBeatJson | WatchErrorJson;

/** A network as the stream shows it; tasks name it by its id. */
export interface NetworkJson {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  /** CIDR. */
  readonly subnets: readonly string[];
}

/** The lists that have no key: each is sent whole, and replaces the one before. */
export interface StateListsJson {
  readonly sources: readonly SourceJson[];
  readonly problems: readonly Problem[];
  readonly drains: readonly DrainJson[];
}

/** What ends a snapshot or a change. A message of which parts are still to come has `more` instead of it. */
interface WholeOrPart {
  /** More parts of this snapshot or change follow; the state is whole after the last one. */
  readonly more?: true;
  /** With the last part: resumes after it (`?since=`). */
  readonly cursor?: string;
}

/** The whole state at one revision; everything from before is void. In several parts where it is large. */
export interface WatchSnapshotJson extends WholeOrPart, Partial<StateListsJson> {
  readonly type: 'snapshot';
  readonly revision: number;
  /** When the revision was made. */
  readonly at: Timestamp;
  /** 1 begins a snapshot. */
  readonly part: number;
  readonly domain: string;
  /** The daemon's own environment. */
  readonly environment: string;
  readonly services: readonly ServiceJson[];
  /** Their endpoints have no `networkName`: `networks` has the names. */
  readonly tasks: readonly TaskJson[];
  readonly networks: readonly NetworkJson[];
}

/** What came and changed (`set`), and the keys of what went (`removed`). */
export interface KeyedChangesJson<Item> {
  readonly set?: readonly Item[];
  readonly removed?: readonly string[];
}

/** What is different since the revision before; after a resume since the revision of the cursor. */
export interface WatchChangeJson extends WholeOrPart, Partial<StateListsJson> {
  readonly type: 'change';
  /** The state has this revision with the last part. */
  readonly revision: number;
  /** The revision that the change begins from. */
  readonly since: number;
  readonly at: Timestamp;
  /** The source that made the change, `health`, `operator` or `configuration`; absent: several changes in one. */
  readonly source?: string;
  readonly cause?: string;
  readonly services?: KeyedChangesJson<ServiceJson>;
  readonly tasks?: KeyedChangesJson<TaskJson>;
  readonly networks?: KeyedChangesJson<NetworkJson>;
}

/** The stream cannot go on from where the client was; a snapshot follows. */
export interface WatchResetJson {
  readonly type: 'reset';
  readonly why: string;
}

/** Nothing happened: the stream is alive, and the client has everything. */
export interface WatchBeatJson {
  readonly type: 'beat';
  readonly revision: number;
  readonly cursor: string;
  /** The daemon's clock. */
  readonly now: Timestamp;
}

/** The last message: why the daemon ends the stream, and what to do. */
export interface WatchErrorJson {
  readonly type: 'error';
  readonly code: 'slow-reader' | 'stopping';
  readonly detail: string;
}
