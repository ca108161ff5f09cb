import { z } from 'zod';
import type {
  CheckJson,
  DrainJson,
  DrainListJson,
  EventJson,
  HealthListJson,
  ProblemJson,
  ProblemListJson,
  ReadyJson,
  ReloadJson,
  RestartJson,
  ServiceDetailJson,
  ServiceJson,
  ServiceListJson,
  SourceJson,
  TaskJson,
  TaskListJson,
  TaskRefJson,
  VersionJson,
} from '../types/resources.js';
import {
  count,
  flag,
  health,
  number,
  problem,
  refShape,
  serviceRef,
  text,
  textMap,
  texts,
  time,
} from './json-values.js';

const protocol = z.enum(['tcp', 'udp', 'sctp']);
const endpointMode = z.enum(['dnsrr', 'vip']);
const port = { port: count, protocol, name: text.exactOptional() };

/** What a task runs, where, and since when. */
const version = {
  node: z.strictObject({ id: text, name: text }).exactOptional(),
  image: text.exactOptional(),
  tag: text.exactOptional(),
  imageId: text.exactOptional(),
  createdAt: time.exactOptional(),
  startedAt: time.exactOptional(),
  restarts: count.exactOptional(),
};

export const task = z
  .strictObject({
    id: text,
    name: text,
    names: texts,
    environment: text,
    stack: text,
    service: serviceRef.exactOptional(),
    health,
    reason: text.exactOptional(),
    endpoints: z.array(z.strictObject({ network: text, networkName: text.exactOptional(), ip: text })),
    clientAddresses: texts,
    ports: z.array(
      z.strictObject({
        ...port,
        target: count,
        published: z.array(z.strictObject({ ip: text, port: count })).exactOptional(),
      }),
    ),
    labels: textMap,
    links: textMap,
    upstreams: texts.exactOptional(),
    weight: count,
    expose: flag,
    endpointMode: endpointMode.exactOptional(),
    ...version,
    source: text,
  })
  .meta({ id: 'TaskJson', description: 'One running or stopped instance.' }) satisfies z.ZodType<TaskJson>;

const serviceVersion = z.strictObject({
  image: text,
  tag: text.exactOptional(),
  imageId: text.exactOptional(),
  tasks: count,
  since: time.exactOptional(),
}) satisfies z.ZodType<VersionJson>;

const serviceShape = {
  ...refShape,
  key: text,
  name: text,
  fqdn: text,
  kind: z.enum(['tasks', 'external', 'alias']),
  endpointMode,
  vip: text.exactOptional(),
  ports: z.array(z.strictObject(port)),
  externalIps: texts,
  hostname: text.exactOptional(),
  aliasOf: texts,
  links: textMap,
  labels: textMap,
  sources: texts,
  health: z.partialRecord(health, count),
  taskCount: count,
  versions: z.array(serviceVersion),
  upgradingSince: time.exactOptional(),
  panic: flag,
  given: count,
};

export const service = z
  .strictObject(serviceShape)
  .meta({ id: 'ServiceJson', description: 'A service.' }) satisfies z.ZodType<ServiceJson>;

export const serviceDetail = z.strictObject({ ...serviceShape, tasks: z.array(task) }).meta({
  id: 'ServiceDetailJson',
  description: 'A service with its tasks.',
}) satisfies z.ZodType<ServiceDetailJson>;

export const serviceList = z
  .strictObject({ revision: count, services: z.array(service) })
  .meta({ id: 'ServiceListJson' }) satisfies z.ZodType<ServiceListJson>;

export const taskList = z
  .strictObject({ revision: count, tasks: z.array(task) })
  .meta({ id: 'TaskListJson' }) satisfies z.ZodType<TaskListJson>;

export const problemList = z
  .strictObject({ revision: count, problems: z.array(problem) })
  .meta({ id: 'ProblemListJson' }) satisfies z.ZodType<ProblemListJson>;

const sourceShape = {
  name: text,
  state: z.enum(['loading', 'live', 'stale']),
  error: text.exactOptional(),
  detail: text.exactOptional(),
  asOf: time.exactOptional(),
};
export const source = z.strictObject(sourceShape).meta({
  id: 'SourceJson',
  description: 'A source, and how current it is.',
}) satisfies z.ZodType<SourceJson>;

export const tried = z
  .strictObject({ ...sourceShape, failures: count, lastEventAt: time.exactOptional() })
  .meta({ id: 'TriedJson' });

export const check = z
  .strictObject({
    id: text,
    name: text,
    environment: text,
    stack: text,
    service: serviceRef.exactOptional(),
    health,
    since: time,
    reason: text.exactOptional(),
    kind: text,
    check: text,
    intervalMs: number.exactOptional(),
    from: text,
    passes: count,
    failures: count,
    rise: count,
    fall: count,
    last: z.strictObject({ ok: flag, detail: text, ms: number, at: time }).exactOptional(),
    next: time.exactOptional(),
    heldUntil: time.exactOptional(),
  })
  .meta({
    id: 'CheckJson',
    description: 'The check of a task, and what it found.',
  }) satisfies z.ZodType<CheckJson>;

export const healthList = z
  .strictObject({ revision: count, now: time, checks: z.array(check) })
  .meta({ id: 'HealthListJson' }) satisfies z.ZodType<HealthListJson>;

export const drain = z
  .strictObject({
    task: text.exactOptional(),
    service: serviceRef.exactOptional(),
    name: text,
    at: time,
    until: time.exactOptional(),
    note: text.exactOptional(),
  })
  .meta({ id: 'DrainJson', description: 'A drain of a task or a service.' }) satisfies z.ZodType<DrainJson>;

export const drainList = z
  .strictObject({ now: time, drains: z.array(drain) })
  .meta({ id: 'DrainListJson' }) satisfies z.ZodType<DrainListJson>;

export const taskRef = z
  .strictObject({ id: text, name: text })
  .meta({ id: 'TaskRefJson' }) satisfies z.ZodType<TaskRefJson>;

export const reload = z
  .strictObject({ now: time })
  .meta({ id: 'ReloadJson' }) satisfies z.ZodType<ReloadJson>;
export const restart = z
  .strictObject({ now: time })
  .meta({ id: 'RestartJson' }) satisfies z.ZodType<RestartJson>;

export const event = z
  .strictObject({
    seq: count,
    at: time,
    revision: count,
    source: text,
    type: text,
    subject: text,
    message: text,
    cause: text.exactOptional(),
    task: z.strictObject({ id: text, ...version }).exactOptional(),
  })
  .meta({ id: 'EventJson', description: 'A line of the event trail.' }) satisfies z.ZodType<EventJson>;

export const ready = z
  .strictObject({
    ready: flag,
    checks: z.array(z.strictObject({ name: text, ok: flag, message: text })),
  })
  .meta({ id: 'ReadyJson' }) satisfies z.ZodType<ReadyJson>;

/** Every code with its status and when it comes; the rows of docs/api.md. */
export const PROBLEM_CODES = {
  'bad-request': ['4xx', 'the request itself is not well formed'],
  'parameter-missing': ['400', 'a parameter that the route needs is not there'],
  'parameter-invalid': ['400', 'a parameter has a value that it cannot have, or comes twice'],
  'parameter-unknown': ['400', 'the route has no such parameter'],
  'host-not-allowed': ['403', '`Host` does not name this daemon ([access.md](access.md))'],
  'origin-not-allowed': ['403', 'the request comes from a web page of another origin'],
  'socket-only': ['403', 'something is to be changed over TCP without a token, or a token is to be made'],
  'login-needed': ['401', 'the client has shown no token and has not logged in'],
  'login-not-used': ['409', 'a login where none is needed'],
  'token-wrong': ['401', 'the token is wrong, has ended or was revoked'],
  'too-many-attempts': ['429', 'too many wrong tokens; `Retry-After` says when to try again'],
  'role-too-low': ['403', 'a viewer wants to change something'],
  'scope-too-small': ['403', 'a token with limits wants what concerns the whole daemon'],
  'csrf-missing': ['403', 'a change with the cookie of a session, without the header `x-fairlead-csrf`'],
  'token-exists': ['409', 'there is a token of that name'],
  'too-many-tokens': ['409', 'there are 200 tokens'],
  'token-not-found': ['404', 'no token has that id or name'],
  'body-invalid': [
    '400',
    'the body is not a JSON object, or a key of it is unknown or has a value that it cannot have',
  ],
  'body-not-json': ['415', 'the body is not `application/json`'],
  'body-too-large': ['413', 'the body has more than 4096 bytes'],
  'not-found': ['404', 'there is no such route'],
  'service-not-found': ['404', 'there is no such service in that environment'],
  'task-not-found': ['404', 'no task has that id or name'],
  'task-ambiguous': ['409', 'several tasks have that name, or an id that begins so'],
  'task-without-address': ['409', '`as` names a task that has no address'],
  'task-without-check': ['409', 'the task has no check, or none that can be run'],
  'check-not-ttl': ['409', 'a beat for a task that has no check of type ttl'],
  'stack-not-found': ['404', 'no container of such a stack runs'],
  'service-without-tasks': ['409', 'an external service or an alias is to be drained'],
  'drain-not-found': ['404', 'nothing like that is drained'],
  'too-many-streams': [
    '503',
    '64 clients follow events or the state already, 256 have a stream, or 8 read the metrics',
  ],
  'upgrade-required': ['426', '`/v1/stream` was asked for without a WebSocket handshake'],
  'state-not-written': [
    '500',
    'what was asked for has taken effect, but the state directory cannot be written: a restart would forget it',
  ],
  internal: ['500', 'a fault of the daemon; its log has it'],
} as const satisfies Record<ProblemJson['code'], readonly [status: string, when: string]>;

export const problemAnswer = z
  .strictObject({
    type: z.literal('about:blank'),
    title: text,
    status: count,
    code: z.enum(Object.keys(PROBLEM_CODES) as [ProblemJson['code']]),
    detail: text,
  })
  .meta({
    id: 'ProblemJson',
    description: 'Every error answer (RFC 9457).',
  }) satisfies z.ZodType<ProblemJson>;
