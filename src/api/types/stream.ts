import type { Health } from '../../catalog/model.js';
import type { QueryMatchJson, QuerySeenJson } from './queries-json.js';
import type { Timestamp } from './references.js';
import type { CheckJson, EventJson } from './resources.js';
import type { StatusJson } from './status-json.js';
import type { TemplateListJson } from './templates-json.js';
import type { VipJson } from './vips-json.js';
import type { WatchBeatJson, WatchChangeJson, WatchResetJson, WatchSnapshotJson } from './watch.js';

/** The messages of `GET /v1/stream` (docs/stream.md), one JSON object in each WebSocket message. */

export const CHANNELS = ['state', 'events', 'figures', 'queries', 'templates'] as const;
export type Channel = (typeof CHANNELS)[number];

export const FIGURE_KINDS = ['status', 'vips', 'checks'] as const;
export type FigureKind = (typeof FIGURE_KINDS)[number];

/** Why the daemon ends a connection, as the code of the WebSocket's close frame. */
export const CLOSE_CODES = { stopping: 1001, 'slow-reader': 4001 } as const;

export interface StateOptionsJson {
  /** The cursor of the last message that the client has. */
  readonly since?: string;
  readonly environment?: string;
  readonly stack?: string;
  readonly service?: string;
}

export interface EventOptionsJson {
  /** The cursor of the last message that the client has. */
  readonly since?: string;
  /** Instead of `since`: events of this run with a greater `seq`. */
  readonly after?: number;
  /** Begin with so many past events. */
  readonly last?: number;
  /** Only these: `task.health`; `task` means all that begin with `task.`. */
  readonly types?: readonly string[];
  /** Only those about this task, service (`web.shop`) or source. */
  readonly subject?: string;
}

export interface FigureOptionsJson {
  /** All by default. */
  readonly kinds?: readonly FigureKind[];
  /** Milliseconds between two messages. */
  readonly everyMs?: number;
  readonly environment?: string;
  readonly stack?: string;
  readonly service?: string;
  /** For `checks`. */
  readonly health?: Health;
  /** For `checks`: a task's id. */
  readonly task?: string;
}

export interface QueryOptionsJson {
  /** A query fits one text of each list. */
  readonly match?: QueryMatchJson;
  /** A query fits none of these. */
  readonly not?: QueryMatchJson;
}

/** Begins channels, or begins them again with other options. */
export interface SubscribeJson {
  readonly type: 'subscribe';
  readonly channels: readonly Channel[];
  readonly state?: StateOptionsJson;
  readonly events?: EventOptionsJson;
  readonly figures?: FigureOptionsJson;
  readonly queries?: QueryOptionsJson;
}

export interface UnsubscribeJson {
  readonly type: 'unsubscribe';
  readonly channels: readonly Channel[];
}

export type ClientMessage = SubscribeJson | UnsubscribeJson;

/** The first message of the daemon. */
export interface HelloJson {
  readonly type: 'hello';
  readonly version: string;
  readonly startedAt: Timestamp;
  readonly now: Timestamp;
  readonly channels: readonly Channel[];
}

/** The answer to a subscription or its end: the channels that the client now has. */
export interface SubscribedJson {
  readonly type: 'subscribed';
  readonly channels: readonly Channel[];
}

/** A message that could not be used (`bad-message`; the connection goes on), or why the daemon ends the connection. */
export interface StreamErrorJson {
  readonly type: 'error';
  readonly code: 'bad-message' | keyof typeof CLOSE_CODES;
  /** The field that is wrong: `channels.0`, `state.since`; absent: the message as a whole. */
  readonly field?: string;
  readonly detail: string;
}

type OfState<Message> = Message & { readonly channel: 'state' };

export interface EventMessageJson {
  readonly channel: 'events';
  readonly type: 'event';
  readonly cursor: string;
  readonly event: EventJson;
}

/** Events are missing between those that the client has and those that follow. */
export interface EventResetJson {
  readonly channel: 'events';
  readonly type: 'reset';
  readonly why: string;
}

/** The client has all events so far. */
export interface EventBeatJson {
  readonly channel: 'events';
  readonly type: 'beat';
  readonly cursor: string;
}

/** Everything that was asked for, as it is now. */
export interface FiguresJson {
  readonly channel: 'figures';
  readonly type: 'figures';
  readonly revision: number;
  /** The daemon's time. */
  readonly now: Timestamp;
  readonly status?: StatusJson;
  readonly vips?: readonly VipJson[];
  readonly checks?: readonly CheckJson[];
}

/** What was seen since the last message. */
export interface QueriesMessageJson {
  readonly channel: 'queries';
  readonly type: 'queries';
  /** One of this many queries is looked at now. */
  readonly oneOf: number;
  /** Queries that were too many at once, or that the client was too slow for. */
  readonly missed: number;
  readonly queries: readonly QuerySeenJson[];
}

/** All templates; sent at the beginning and when one of them changes. */
export interface TemplatesMessageJson extends TemplateListJson {
  readonly channel: 'templates';
  readonly type: 'templates';
}

export type StreamMessage =
  | HelloJson
  | SubscribedJson
  | StreamErrorJson
  | OfState<WatchSnapshotJson>
  | OfState<WatchChangeJson>
  | OfState<WatchResetJson>
  | OfState<WatchBeatJson>
  | EventMessageJson
  | EventResetJson
  | EventBeatJson
  | FiguresJson
  | QueriesMessageJson
  | TemplatesMessageJson;
