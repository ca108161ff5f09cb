import { z } from 'zod';
import {
  CHANNELS,
  CLOSE_CODES,
  FIGURE_KINDS,
  type ClientMessage,
  type EventBeatJson,
  type EventMessageJson,
  type EventResetJson,
  type FiguresJson,
  type HelloJson,
  type QueriesMessageJson,
  type StreamErrorJson,
  type SubscribedJson,
  type SubscribeJson,
  type TemplatesMessageJson,
  type UnsubscribeJson,
} from '../types/stream.js';
import type { QueryMatchJson, QuerySeenJson } from '../types/queries-json.js';
import type {
  KeyedChangesJson,
  NetworkJson,
  WatchBeatJson,
  WatchChangeJson,
  WatchMessage,
  WatchResetJson,
  WatchSnapshotJson,
} from '../types/watch.js';
import { isCursor } from '../stream/stream-cursor.js';
import { count, flag, health, problem, text, texts, time } from './json-values.js';
import { check, drain, event, service, source, task } from './resource-schemas.js';
import { status, templateShape } from './status-schema.js';
import { vip } from './vip-schemas.js';

/**
 * Every message of `GET /v1/stream`. What a client sends is checked against these; tests check what the daemon sends.
 * docs/stream.md is made from the descriptions here.
 */

/** A name of the catalog; longer ones do not exist. */
const name = z.string().min(1).max(255);

const channels = z
  .array(z.enum(CHANNELS))
  .min(1)
  .max(CHANNELS.length)
  .describe(`a list of ${CHANNELS.map((each) => `\`${each}\``).join(', ')}`);

const since = z
  .string()
  .refine(isCursor, { error: 'is not a cursor; give the "cursor" of the last message, or leave it out' })
  .describe('the `cursor` of the last message that the client has: the channel goes on after it');

const place = {
  environment: name.describe('only what belongs to this environment').exactOptional(),
  stack: name.describe('only what belongs to this stack').exactOptional(),
  service: name.describe('only what belongs to a service of this name').exactOptional(),
};

/** The shortest time between two messages of figures, in milliseconds. */
const FASTEST_MS = 1000;

const stateOptions = z.strictObject({ since: since.exactOptional(), ...place });

const eventOptions = z.strictObject({
  since: since.exactOptional(),
  after: count.describe('instead of `since`: events of this run with a greater `seq`').exactOptional(),
  last: count.describe('begin with so many past events').exactOptional(),
  types: z
    .array(name)
    .max(100)
    .describe('only these: `task.health`; `task` means all that begin with `task.`')
    .exactOptional(),
  subject: name.describe('only events about this task, service (`web.shop`) or source').exactOptional(),
});

const figureOptions = z.strictObject({
  kinds: z
    .array(z.enum(FIGURE_KINDS))
    .min(1)
    .describe('`status`, `vips`, `checks`; all by default')
    .exactOptional(),
  everyMs: z
    .int()
    .min(FASTEST_MS)
    .max(3_600_000)
    .describe('milliseconds between two messages; 1000 by default')
    .exactOptional(),
  ...place,
  health: health.describe('only checks whose task has this health').exactOptional(),
  task: name.describe('only the check of the task with this id').exactOptional(),
});

/** Of a name as a zone file has it, the longest; with stars. */
const pattern = z.string().min(1).max(1024);
const patterns = z.array(pattern).min(1).max(100);

const queryMatch = z.strictObject({
  client: patterns.describe('a task, a service (`web`, `web.shop`) or an address').exactOptional(),
  name: patterns.exactOptional(),
  type: patterns.exactOptional(),
  rcode: patterns.exactOptional(),
  by: patterns.describe('`own`, `cache`, `upstream`').exactOptional(),
}) satisfies z.ZodType<QueryMatchJson>;

const queryOptions = z.strictObject({
  match: queryMatch
    .describe(
      'lists of texts under `client`, `name`, `type`, `rcode`, `by`: a query fits one text of each list; `*` stands for anything',
    )
    .exactOptional(),
  not: queryMatch.describe('the same: a query fits none of them').exactOptional(),
});

export const subscribe = z
  .strictObject({
    type: z.literal('subscribe'),
    channels,
    state: stateOptions.describe('options of `state`').exactOptional(),
    events: eventOptions.describe('options of `events`').exactOptional(),
    figures: figureOptions.describe('options of `figures`').exactOptional(),
    queries: queryOptions.describe('options of `queries`').exactOptional(),
  })
  .describe('begins channels, or begins them again with other options') satisfies z.ZodType<SubscribeJson>;

export const unsubscribe = z
  .strictObject({ type: z.literal('unsubscribe'), channels })
  .describe('ends channels') satisfies z.ZodType<UnsubscribeJson>;

export const clientMessage = z.discriminatedUnion('type', [
  subscribe,
  unsubscribe,
]) satisfies z.ZodType<ClientMessage>;

const cursor = text.describe('resumes the channel after this message');

const hello = z
  .strictObject({
    type: z.literal('hello'),
    version: text.describe('of the daemon'),
    startedAt: time.describe('when the daemon was started'),
    now: time.describe('the daemon’s clock'),
    channels: z.array(z.enum(CHANNELS)).describe('those that there are'),
  })
  .describe('the first message of the daemon') satisfies z.ZodType<HelloJson>;

const subscribed = z
  .strictObject({
    type: z.literal('subscribed'),
    channels: z.array(z.enum(CHANNELS)).describe('those that the client now has'),
  })
  .describe('the answer to `subscribe` and `unsubscribe`') satisfies z.ZodType<SubscribedJson>;

const error = z
  .strictObject({
    type: z.literal('error'),
    code: z
      .enum(['bad-message', ...(Object.keys(CLOSE_CODES) as (keyof typeof CLOSE_CODES)[])])
      .describe(
        '`bad-message`: the client’s message has no effect, and the connection goes on; else why it ends',
      ),
    field: text.describe('what is wrong: `channels.0`, `state.since`').exactOptional(),
    detail: text.describe('one line: what, why, what to do'),
  })
  .describe('something that the client should know') satisfies z.ZodType<StreamErrorJson>;

const ofState = { channel: z.literal('state') };

const network = z.strictObject({
  id: text,
  name: text,
  driver: text,
  internal: flag,
  subnets: texts,
}) satisfies z.ZodType<NetworkJson>;

const lists = {
  sources: z.array(source).describe('all, where they have changed').exactOptional(),
  problems: z.array(problem).describe('all, where they have changed').exactOptional(),
  drains: z.array(drain).describe('all, where they have changed').exactOptional(),
};

const ending = {
  more: z
    .literal(true)
    .describe('a part: apply it together with those that follow, up to the one without `more`')
    .exactOptional(),
  cursor: cursor.exactOptional(),
};

const revision = count.describe('of the catalog, after this message');

const snapshot = z
  .strictObject({
    ...ofState,
    type: z.literal('snapshot'),
    revision,
    at: time.describe('when the revision was made'),
    part: count.describe('1 voids everything before'),
    domain: text.describe('below which names are served'),
    environment: text.describe('the daemon’s own'),
    services: z.array(service).describe('as in `GET /v1/services`'),
    tasks: z.array(task).describe('as in `GET /v1/tasks`, but without names of networks'),
    networks: z.array(network).describe('to which the endpoints of tasks refer'),
    ...lists,
    ...ending,
  })
  .describe('the whole state') satisfies z.ZodType<WatchSnapshotJson>;

function changesOf<Item extends z.ZodType>(item: Item, key: string) {
  return z
    .strictObject({ set: z.array(item).exactOptional(), removed: texts.exactOptional() })
    .describe(`\`set\`: new and changed ones; \`removed\`: the \`${key}\` of those that are gone`)
    .exactOptional();
}

const change = z
  .strictObject({
    ...ofState,
    type: z.literal('change'),
    revision,
    since: count.describe('the revision that this change applies to'),
    at: time.describe('when the revision was made'),
    source: text.describe('what caused it: a source, `health`, `operator`, `configuration`').exactOptional(),
    cause: text.describe('`kill signal 15`').exactOptional(),
    services: changesOf(service, 'key'),
    tasks: changesOf(task, 'id'),
    networks: changesOf(network, 'id'),
    ...lists,
    ...ending,
  })
  .describe('what has changed') satisfies z.ZodType<
  WatchChangeJson & { readonly services?: KeyedChangesJson<unknown> }
>;

const why = text.describe('the reason');

const stateReset = z
  .strictObject({ ...ofState, type: z.literal('reset'), why })
  .describe(
    'the channel cannot go on from where the client is; a snapshot follows',
  ) satisfies z.ZodType<WatchResetJson>;

const beat = z
  .strictObject({
    ...ofState,
    type: z.literal('beat'),
    revision,
    cursor,
    now: time.describe('the daemon’s clock'),
  })
  .describe(
    'nothing has happened for a while, and the client has everything',
  ) satisfies z.ZodType<WatchBeatJson>;

const eventMessage = z
  .strictObject({
    channel: z.literal('events'),
    type: z.literal('event'),
    cursor,
    event: event.describe('as in `GET /v1/events`'),
  })
  .describe('an event') satisfies z.ZodType<EventMessageJson>;

const eventReset = z
  .strictObject({ channel: z.literal('events'), type: z.literal('reset'), why })
  .describe(
    'events are missing between what the client has and what follows',
  ) satisfies z.ZodType<EventResetJson>;

const eventBeat = z
  .strictObject({ channel: z.literal('events'), type: z.literal('beat'), cursor })
  .describe('past events are over, and the client has all so far') satisfies z.ZodType<EventBeatJson>;

const figures = z
  .strictObject({
    channel: z.literal('figures'),
    type: z.literal('figures'),
    revision,
    now: time.describe('the daemon’s clock'),
    status: status.describe('as `GET /v1/status`').exactOptional(),
    vips: z.array(vip).describe('as in `GET /v1/vips`').exactOptional(),
    checks: z.array(check).describe('as in `GET /v1/health`').exactOptional(),
  })
  .describe('everything that was asked for, as it is now') satisfies z.ZodType<FiguresJson>;

const querySeen = z
  .strictObject({
    at: time,
    client: text.exactOptional(),
    task: text.exactOptional(),
    service: text.exactOptional(),
    transport: z.enum(['udp', 'tcp']),
    name: text.exactOptional(),
    type: text.exactOptional(),
    rcode: text,
    answers: texts,
    by: z.enum(['own', 'cache', 'upstream']),
    upstream: text.exactOptional(),
    us: count,
    oneOf: count,
  })
  .meta({
    id: 'QuerySeenJson',
    description: 'A DNS query and its reply.',
  }) satisfies z.ZodType<QuerySeenJson>;

const queries = z
  .strictObject({
    channel: z.literal('queries'),
    type: z.literal('queries'),
    oneOf: count.describe('one of this many queries is looked at now'),
    missed: count.describe('queries that were too many at once, or that the client was too slow for'),
    queries: z
      .array(querySeen)
      .describe(
        'when (`at`), who asked (`client`, `task`, `service`), `transport`, `name`, `type`, `rcode`, the first `answers`, who answered (`by`, `upstream`), microseconds (`us`), and for how many it stands (`oneOf`)',
      ),
  })
  .describe('DNS queries that were answered since the last message') satisfies z.ZodType<QueriesMessageJson>;

const templates = z
  .strictObject({ channel: z.literal('templates'), type: z.literal('templates'), ...templateShape })
  .describe(
    'all templates, at the beginning and whenever one has changed',
  ) satisfies z.ZodType<TemplatesMessageJson>;

/** What the daemon sends, by channel; in the order of docs/stream.md. */
export const SERVER_MESSAGES = {
  connection: [hello, subscribed, error],
  state: [snapshot, change, stateReset, beat],
  events: [eventMessage, eventReset, eventBeat],
  figures: [figures],
  queries: [queries],
  templates: [templates],
} as const;

export const CLIENT_MESSAGES = [subscribe, unsubscribe] as const;

/** A line of `GET /v1/watch`: the state without the name of the channel. */
export const watchMessage = z
  .union([
    snapshot.omit({ channel: true }),
    change.omit({ channel: true }),
    stateReset.omit({ channel: true }),
    beat.omit({ channel: true }),
    z.strictObject({ type: z.literal('error'), code: z.enum(['slow-reader', 'stopping']), detail: text }),
  ])
  .meta({ id: 'WatchMessage', description: 'A line of the state.' }) satisfies z.ZodType<WatchMessage>;
