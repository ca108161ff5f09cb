import type { CheckCounts } from '../../catalog/checks.js';
import type { Health, Problem } from '../../catalog/model.js';
import type { VipFigures, VipStatus } from '../../net/vip-figures.js';
import type { AdoptionStatusJson } from './adoption.js';
import type {
  AnsweringJson,
  DnsCountersJson,
  ForwardingJson,
  TimesJson,
  TransportJson,
  ZonesJson,
} from './dns-figures.js';
import type { Timestamp } from './references.js';
import type { SourceJson } from './resources.js';
import type { TemplateJson } from './templates-json.js';

/** A source or a publisher, and how often it failed. */
export interface TriedJson extends SourceJson {
  /** Attempts since it was started that failed. */
  readonly failures: number;
  /** When a source last reported a change of its own accord; absent: not yet, or it is a publisher. */
  readonly lastEventAt?: Timestamp;
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
  /** This host, as templates and registries name it, and the address on which it publishes ports. */
  readonly host: {
    /** Its id in a registry, which survives restarts and a new name. */
    readonly id: string;
    readonly name: string;
    readonly address: string;
    readonly datacenter: string;
  };
  /** Errors since the start that no code caught. */
  readonly internalErrors: number;
  /** The capabilities in effect (capabilities(7)), such as `NET_ADMIN`; none off Linux. */
  readonly capabilities: readonly string[];
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
    /** Keys that changed since the daemon started and take effect after a restart only; absent: none. */
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
    /** From a change that a source reports until every answer has it. */
    readonly changes: TimesJson;
  };
  /** How late the main thread's event loop is, looked at twice a second. */
  readonly eventLoop: TimesJson;
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
  readonly checks: Omit<CheckCounts, 'tasks'> & {
    /** Tasks that have a check. */
    readonly tasks: number;
    /** Those of them that are unhealthy. */
    readonly failing: number;
  };
  /** Drains that are active. */
  readonly drains: number;
  readonly vips: VipStatus & {
    /** All that the ports there are have carried since they are served, as far as that is known. */
    readonly carried: VipFigures;
    /** TCP: how long the proxy's connections to tasks took to be established; absent: there were none. */
    readonly connects?: TimesJson;
  };
  /** Files that are rendered from templates, by state. */
  readonly templates: Readonly<Record<TemplateJson['state'], number>>;
  readonly adoption: AdoptionStatusJson;
  readonly sources: readonly TriedJson[];
  /** Registries that this host's tasks are published to. */
  readonly publishers: readonly TriedJson[];
  readonly problems: readonly Problem[];
}
