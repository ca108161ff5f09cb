import type { CatalogEvent } from '../../catalog/change.js';
import type { CheckRow } from '../../catalog/checks.js';
import type {
  Endpoint,
  EndpointMode,
  Health,
  Port,
  Problem,
  ServiceKind,
  SourceStatus,
  TaskNode,
  TaskPort,
} from '../../catalog/model.js';
import type { Dated, ServiceRefJson, Timestamp } from './references.js';

/** An item of `GET /v1/services`. */
export interface ServiceJson extends ServiceRefJson {
  /** `environment/stack/service[/sidekick]`. */
  readonly key: string;
  /** Name below the domain: `web.shop`, `logger.web.shop`. */
  readonly name: string;
  /** Name with the domain, without the final dot. */
  readonly fqdn: string;
  readonly kind: ServiceKind;
  readonly endpointMode: EndpointMode;
  /** Its virtual IP. */
  readonly vip?: string;
  readonly ports: readonly Port[];
  /** Addresses of an external service. */
  readonly externalIps: readonly string[];
  /** Canonical name of an external service. */
  readonly hostname?: string;
  /** Targets of an alias, below the domain. */
  readonly aliasOf: readonly string[];
  /** Alias to target. */
  readonly links: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly sources: readonly string[];
  /** Tasks by health; a health without tasks is absent. */
  readonly health: Readonly<Partial<Record<Health, number>>>;
  readonly taskCount: number;
  /** What its running tasks run, the oldest version first. */
  readonly versions: readonly VersionJson[];
  /** It runs several versions: when the first task of the newest was created. */
  readonly upgradingSince?: Timestamp;
  /** So many tasks are unhealthy at once that the checks are distrusted and all running tasks are served. */
  readonly panic: boolean;
  /** How many of its tasks its name gives. */
  readonly given: number;
}

/** An image that running tasks of a service have. */
export interface VersionJson extends Pick<TaskJson, 'tag' | 'imageId'> {
  /** As its user wrote it. */
  readonly image: string;
  /** How many running tasks have it. */
  readonly tasks: number;
  /** When the first of them was created. */
  readonly since?: Timestamp;
}

/** `GET /v1/services/:stack/:service`. */
export interface ServiceDetailJson extends ServiceJson {
  readonly tasks: readonly TaskJson[];
}

export interface EndpointJson extends Endpoint {
  /** What operators call the network, when it has a name. */
  readonly networkName?: string;
}

/** An item of `GET /v1/tasks`, and `GET /v1/tasks/:id`. */
export interface TaskJson {
  readonly id: string;
  readonly name: string;
  /** DNS names below the domain, the canonical one first. */
  readonly names: readonly string[];
  readonly environment: string;
  readonly stack: string;
  readonly service?: ServiceRefJson;
  readonly health: Health;
  readonly reason?: string;
  readonly endpoints: readonly EndpointJson[];
  readonly clientAddresses: readonly string[];
  readonly ports: readonly TaskPort[];
  readonly labels: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
  /** Its own DNS servers, `ip:port` or `tls://ip:port#name`. */
  readonly upstreams?: readonly string[];
  readonly weight: number;
  readonly expose: boolean;
  readonly endpointMode?: EndpointMode;
  /** The host that it runs on; absent for an entry of a file. */
  readonly node?: TaskNode;
  /** As its user wrote it: `nginx:1.27`. */
  readonly image?: string;
  /** `1.27`; `latest` where the image has none. Absent if it is named by its digest. */
  readonly tag?: string;
  /** The digest of the image's configuration, `sha256:...`: what `docker images` calls its id. */
  readonly imageId?: string;
  readonly createdAt?: Timestamp;
  /** Absent if it does not run. */
  readonly startedAt?: Timestamp;
  /** How often its restart policy started it again. */
  readonly restarts?: number;
  readonly source: string;
}

/** `GET /v1/services`. */
export interface ServiceListJson {
  readonly revision: number;
  readonly services: readonly ServiceJson[];
}

/** `GET /v1/tasks`. */
export interface TaskListJson {
  readonly revision: number;
  readonly tasks: readonly TaskJson[];
}

/** `GET /v1/problems`. */
export interface ProblemListJson {
  readonly revision: number;
  readonly problems: readonly Problem[];
}

export type SourceJson = Dated<Omit<SourceStatus, 'isRemote'>, 'asOf'>;

/** An item of `GET /v1/health`: a task that has a check. */
export interface CheckJson
  extends
    Pick<TaskJson, 'id' | 'name' | 'environment' | 'stack' | 'service' | 'reason'>,
    Dated<Omit<CheckRow, 'task' | 'interval' | 'last'>, 'since' | 'next' | 'heldUntil'> {
  /** From probe to probe; for `ttl` how long a beat counts. */
  readonly intervalMs?: number;
  readonly last?: Dated<Omit<NonNullable<CheckRow['last']>, 'took'>, 'at'> & { readonly ms: number };
}

/** `GET /v1/health`. */
export interface HealthListJson {
  readonly revision: number;
  /** The daemon's time when it answered. */
  readonly now: Timestamp;
  readonly checks: readonly CheckJson[];
}

/** A drain: of one task (`task`), or of all tasks of a service (`service`). */
export interface DrainJson {
  /** Task id. */
  readonly task?: string;
  readonly service?: ServiceRefJson;
  /** The task's name, or `web.shop`; the id of a task that no source reports any more. */
  readonly name: string;
  /** When it was set. */
  readonly at: Timestamp;
  /** When it ends by itself; absent: it lasts until an operator ends it. */
  readonly until?: Timestamp;
  /** The operator's note. */
  readonly note?: string;
}

/** `GET /v1/drains`. */
export interface DrainListJson {
  /** The daemon's time when it answered. */
  readonly now: Timestamp;
  readonly drains: readonly DrainJson[];
}

/** The task in the answers of `PUT /v1/tasks/:id/beat` and `POST /v1/tasks/:id/check`. */
export interface TaskRefJson {
  readonly id: string;
  readonly name: string;
}

/** `POST /v1/reload`. */
export interface ReloadJson {
  /** When the daemon accepted the request. */
  readonly now: Timestamp;
}

/** `POST /v1/restart`. */
export interface RestartJson {
  /** When the daemon took the request. */
  readonly now: Timestamp;
}

/** A line of `GET /v1/events`. */
export interface EventJson extends Dated<Omit<CatalogEvent, 'task' | 'place'>, 'at'> {
  /** The task that it is about, and what it ran. */
  readonly task?: Pick<TaskJson, 'id' | keyof TaskVersionJson>;
}

/** What a task runs, where, and since when. */
export type TaskVersionJson = Pick<
  TaskJson,
  'node' | 'image' | 'tag' | 'imageId' | 'createdAt' | 'startedAt' | 'restarts'
>;

/** `GET /readyz?verbose`. */
export interface ReadyJson {
  readonly ready: boolean;
  readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly message: string }[];
}

/** Stable codes of {@link ProblemJson}. */
export type ProblemCode =
  | 'bad-request'
  | 'parameter-missing'
  | 'parameter-invalid'
  | 'parameter-unknown'
  | 'host-not-allowed'
  | 'origin-not-allowed'
  | 'socket-only'
  | 'login-needed'
  | 'login-not-used'
  | 'token-wrong'
  | 'too-many-attempts'
  | 'role-too-low'
  | 'scope-too-small'
  | 'csrf-missing'
  | 'token-exists'
  | 'too-many-tokens'
  | 'token-not-found'
  | 'body-invalid'
  | 'body-not-json'
  | 'body-too-large'
  | 'not-found'
  | 'service-not-found'
  | 'task-not-found'
  | 'task-ambiguous'
  | 'task-without-address'
  | 'task-without-check'
  | 'check-not-ttl'
  | 'service-without-tasks'
  | 'stack-not-found'
  | 'drain-not-found'
  | 'state-not-written'
  | 'too-many-streams'
  | 'upgrade-required'
  | 'internal';

/** Every error answer: `application/problem+json` (RFC 9457). */
export interface ProblemJson {
  /** `about:blank`: `title` is that of the status (RFC 9457 section 4.2.1); `code` says what it is. */
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly code: ProblemCode;
  /** One line: what, why, what to do. */
  readonly detail: string;
}
