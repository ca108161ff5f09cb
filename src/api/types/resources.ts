import type {
  EndpointMode,
  Health,
  Port,
  Problem,
  PublishedPort,
  ServiceKind,
  SourceState,
} from '../../catalog/model.js';
import type { AdoptionStatusJson } from './adoption.js';
import type {
  AnsweringJson,
  DnsCountersJson,
  ForwardingJson,
  TransportJson,
  ZonesJson,
} from './dns-figures.js';
import type { ServiceRefJson, Timestamp } from './references.js';
import type { VipStatusJson } from './vips.js';

/** An item of `GET /v1/services`. */
export interface ServiceJson extends ServiceRefJson {
  /** `environment/stack/service[/sidekick]`. */
  readonly key: string;
  /** Below the domain: `web.shop`, `logger.web.shop`. */
  readonly name: string;
  /** With the domain, without the final dot. */
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
  /** Tasks by health; a health that no task has is not named. */
  readonly health: Readonly<Partial<Record<Health, number>>>;
  readonly taskCount: number;
  /** So many tasks are unhealthy at once that the checks are doubted: all that run are given. */
  readonly panic: boolean;
}

/** `GET /v1/services/:stack/:service`. */
export interface ServiceDetailJson extends ServiceJson {
  readonly tasks: readonly TaskJson[];
}

export interface EndpointJson {
  /** Network id, `*` (any) or `host`. */
  readonly network: string;
  /** What operators call the network, when it has a name. */
  readonly networkName?: string;
  readonly ip: string;
}

export interface TaskPortJson extends Port {
  /** Where the task itself listens. */
  readonly target: number;
  readonly published?: readonly PublishedPort[];
}

/** An item of `GET /v1/tasks`, and `GET /v1/tasks/:id`. */
export interface TaskJson {
  readonly id: string;
  readonly name: string;
  /** DNS names below the domain, canonical one first. */
  readonly names: readonly string[];
  readonly environment: string;
  readonly stack: string;
  readonly service?: ServiceRefJson;
  readonly health: Health;
  readonly reason?: string;
  readonly endpoints: readonly EndpointJson[];
  readonly clientAddresses: readonly string[];
  readonly ports: readonly TaskPortJson[];
  readonly labels: Readonly<Record<string, string>>;
  readonly links: Readonly<Record<string, string>>;
  /** DNS servers of its own, `ip:port` or `tls://ip:port#name`. */
  readonly upstreams?: readonly string[];
  readonly weight: number;
  readonly expose: boolean;
  readonly endpointMode?: EndpointMode;
  readonly image?: string;
  readonly startedAt?: Timestamp;
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

export interface SourceJson {
  readonly name: string;
  readonly state: SourceState;
  /** When its facts were last known to be true. */
  readonly asOf?: Timestamp;
  readonly error?: string;
  readonly detail?: string;
}

/** `GET /v1/status`. */
export interface StatusJson {
  readonly version: string;
  readonly pid: number;
  /** Node's version, without the `v`. */
  readonly node: string;
  readonly startedAt: Timestamp;
  /** The daemon's clock when it answered; ages are relative to it. */
  readonly now: Timestamp;
  readonly domain: string;
  readonly environment: string;
  /** Errors since the start that no code caught. */
  readonly internalErrors: number;
  /** The last attempt to restart that came to nothing. */
  readonly restart?: { readonly at: Timestamp; readonly error: string };
  /** The directory that keeps what a restart takes up again. */
  readonly state: {
    readonly directory: string;
    /** When it was last written; absent: not by this process. */
    readonly writtenAt?: Timestamp;
    /** Writes since the start that failed. */
    readonly failures: number;
    /** Why the last write failed; absent: it did not. */
    readonly error?: string;
  };
  readonly config: {
    /** The file; absent when there is none and defaults are used. */
    readonly path?: string;
    readonly hash: string;
    readonly loadedAt: Timestamp;
    /** The last attempt to reload. */
    readonly reload?: { readonly at: Timestamp; readonly ok: boolean; readonly error?: string };
    /** Keys that changed since the daemon started and are in force after a restart only; absent: none. */
    readonly needsRestart?: readonly string[];
  };
  readonly dns: {
    /** Bound addresses, `ip:port`. */
    readonly listen: readonly string[];
    /** Whether every configured address is bound. */
    readonly ready: boolean;
    /** Those of all names without upstreams of their own, in the order they are tried. */
    readonly upstreams: readonly string[];
    readonly forwarding: ForwardingJson;
    readonly counters: DnsCountersJson;
    readonly answering: AnsweringJson;
    readonly transport: TransportJson;
    readonly zones: ZonesJson;
  };
  readonly api: { readonly listen: readonly string[] };
  readonly catalog: {
    readonly revision: number;
    /** When the revision was made. */
    readonly at: Timestamp;
    /** Whether every source has told what it has. */
    readonly loaded: boolean;
    readonly services: number;
    readonly tasks: number;
    readonly health: Readonly<Partial<Record<Health, number>>>;
  };
  readonly checks: {
    /** Tasks that have a check. */
    readonly tasks: number;
    /** Those of them that are unhealthy. */
    readonly failing: number;
  };
  /** How many drains are in force. */
  readonly drains: number;
  readonly vips: VipStatusJson;
  readonly adoption: AdoptionStatusJson;
  readonly sources: readonly SourceJson[];
  /** Registries that this host's tasks are published to. */
  readonly publishers: readonly SourceJson[];
  readonly problems: readonly Problem[];
}

/** An item of `GET /v1/health`: a task that has a check. */
export interface CheckJson {
  /** The task's. */
  readonly id: string;
  readonly name: string;
  readonly environment: string;
  readonly stack: string;
  readonly service?: ServiceRefJson;
  readonly health: Health;
  /** When `health` became what it is. */
  readonly since: Timestamp;
  /** Why it is what it is. */
  readonly reason?: string;
  /** `tcp`, `http`, `grpc`, `dns`, `udp`, `exec`, `ttl`, `docker`. */
  readonly kind: string;
  /** `http 10.42.0.7:80/healthz`. */
  readonly check: string;
  /** From probe to probe; for `ttl` how long a beat counts. */
  readonly intervalMs?: number;
  /** Where the check was written. */
  readonly from: string;
  /** Probes that passed in a row. */
  readonly passes: number;
  /** Probes that failed in a row. */
  readonly failures: number;
  /** So many passes in a row make it healthy. */
  readonly rise: number;
  /** So many failures in a row make it unhealthy. */
  readonly fall: number;
  /** How the last probe went; absent: none has ended yet. */
  readonly last?: {
    readonly ok: boolean;
    readonly detail: string;
    readonly ms: number;
    readonly at: Timestamp;
  };
  /** When the next probe begins; absent: none is planned. */
  readonly next?: Timestamp;
  /** It changed too often of late, and is not healthy before then. */
  readonly heldUntil?: Timestamp;
}

/** `GET /v1/health`. */
export interface HealthListJson {
  readonly revision: number;
  /** The daemon's clock when it answered. */
  readonly now: Timestamp;
  readonly checks: readonly CheckJson[];
}

/** A drain: of one task (`task`), or of all tasks of a service (`service`). */
export interface DrainJson {
  /** Task id. */
  readonly task?: string;
  readonly service?: ServiceRefJson;
  /** The task's name, or `web.shop`; the id of a task that no source tells of any more. */
  readonly name: string;
  /** When it was set. */
  readonly at: Timestamp;
  /** When it ends by itself; absent: when it is taken back. */
  readonly until?: Timestamp;
  /** The operator's words. */
  readonly note?: string;
}

/** `GET /v1/drains`. */
export interface DrainListJson {
  /** The daemon's clock when it answered. */
  readonly now: Timestamp;
  readonly drains: readonly DrainJson[];
}

/** The task that `PUT /v1/tasks/:id/beat` and `POST /v1/tasks/:id/check` were about. */
export interface TaskRefJson {
  readonly id: string;
  readonly name: string;
}

/** `POST /v1/reload`. */
export interface ReloadJson {
  /** When the daemon took the request. */
  readonly now: Timestamp;
}

/** `POST /v1/restart`. */
export interface RestartJson {
  /** When the daemon took the request. */
  readonly now: Timestamp;
}

/** A line of `GET /v1/events`. */
export interface EventJson {
  readonly seq: number;
  readonly at: Timestamp;
  readonly revision: number;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly message: string;
  readonly cause?: string;
}

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
