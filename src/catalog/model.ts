/**
 * The words of the catalog. Everything here is an immutable value: a holder may keep it forever.
 * Names are lower case; addresses are canonical (`canonicalIp`); times are milliseconds since the epoch.
 */

import type { Balancing } from '../net/balancing.js';
import type { Upstream } from '../net/upstream.js';

/** The states of a task (docs/design.md, "Words"). Only `healthy` tasks are given to clients of a service. */
export const HEALTHS = [
  'initializing',
  'healthy',
  'unhealthy',
  'reinitializing',
  'draining',
  'stopped',
] as const;
export type Health = (typeof HEALTHS)[number];

export type Protocol = 'tcp' | 'udp' | 'sctp';

/** What a service's own name answers: its tasks (`dnsrr`) or its virtual IP (`vip`). */
export type EndpointMode = 'dnsrr' | 'vip';

/**
 * What a client may see and connect to.
 * - `docker`: what it could reach without Fairlead: tasks on its own networks, published ports, what says `expose`
 * - `environment`: every service of its environment, as in Rancher
 */
export type Isolation = 'docker' | 'environment';

/** The network of an endpoint that every client can reach: a static entry, a Consul instance. */
export const ANY_NETWORK = '*';

/** The network of a task that runs in the host's own network namespace. */
export const HOST_NETWORK = 'host';

/** One address of a task as seen from one network. A dual-stack task has two endpoints on that network. */
export interface Endpoint {
  /** Network id, {@link ANY_NETWORK} or {@link HOST_NETWORK}. */
  readonly network: string;
  readonly ip: string;
}

/** Where on the host a task's port is published; `ip` may be `0.0.0.0` or `::`. */
export interface PublishedPort {
  readonly ip: string;
  readonly port: number;
}

/** A port that a service offers. */
export interface Port {
  readonly port: number;
  readonly protocol: Protocol;
  /** Name for SRV owners (`_name._tcp`), when there is one. */
  readonly name?: string;
}

/** How one task serves a {@link Port}: where it listens (`target`) and where the host publishes that. */
export interface TaskPort extends Port {
  readonly target: number;
  readonly published?: readonly PublishedPort[];
}

/** The host that a task runs on. */
export interface TaskNode {
  /** The same whichever source reports the host: the host id of its Fairlead, or what a registry calls it. */
  readonly id: string;
  /** For people: the host name. */
  readonly name: string;
}

/** The {@link Task.origin} of a container that labels of Rancher's put into its stack, and no other program's. */
export const RANCHER_ORIGIN = 'io.rancher';

/** Names a service. `sidekick` is set for a sidekick of that service (Rancher's `stack/service/sidekick`). */
export interface ServiceRef {
  readonly environment: string;
  readonly stack: string;
  readonly service: string;
  readonly sidekick?: string;
}

/** `environment/stack/service[/sidekick]`: the identity of a service, and its key in every index. */
export type ServiceKey = string;

export function serviceKey(ref: ServiceRef): ServiceKey {
  const base = `${ref.environment}/${ref.stack}/${ref.service}`;
  return ref.sidekick === undefined ? base : `${base}/${ref.sidekick}`;
}

/** The name of a service below the domain: `web.shop`, `log.web.shop` for a sidekick. */
export function serviceName({ stack, service, sidekick }: Omit<ServiceRef, 'environment'>): string {
  return sidekick === undefined ? `${service}.${stack}` : `${sidekick}.${service}.${stack}`;
}

/** `web.shop` of `default/shop/web`. */
export function serviceNameOf(key: ServiceKey): string {
  const [, stack = '', service = '', sidekick] = key.split('/');
  return serviceName({ stack, service, ...(sidekick !== undefined && { sidekick }) });
}

/** The names that a task has on one network besides its own: Docker's network aliases. They are not unique. */
export interface NetworkAliases {
  /** Network id. */
  readonly network: string;
  /** Lower case. */
  readonly names: readonly string[];
}

/** How the engine has a container resolve names. */
export interface ContainerResolver {
  /** The file on the host that the container sees as /etc/resolv.conf. */
  readonly path: string;
  /** DNS servers that the container itself asks for (`dns:`), as written. */
  readonly servers: readonly string[];
  /** What it does not share with other containers of the engine: `own`, or the namespace of the `host`, of another `container`, or `none`. */
  readonly namespace: 'own' | 'host' | 'container' | 'none';
  /** The user has mounted a resolv.conf of their own over the engine's. */
  readonly isMounted: boolean;
  /** Files of its network namespace, best first. Empty: it does not run. */
  readonly namespaces: readonly string[];
  /** Its process runs. False while the engine prepares it, when the engine still writes the file. */
  readonly isRunning: boolean;
}

/** One result of a container's own HEALTHCHECK. */
export interface SelfCheck {
  readonly ok: boolean;
  /** `exit code 1: curl: (7) Failed to connect`: one line of at most 120 characters. */
  readonly detail: string;
  /** When it ended, milliseconds since the epoch. */
  readonly at: number;
  /** Milliseconds. */
  readonly took: number;
}

/** One running, or no longer running, instance. */
export interface Task {
  /**
   * The key of the instance, unique over all hosts: a container's id, whichever source reports the container;
   * `file:stack/service/name`. Facts of several sources that have one id are one task (docs/design.md, "Identity").
   */
  readonly id: string;
  /** Absent: nothing is known of where it runs (an entry of a file). */
  readonly node?: TaskNode;
  /** The name operators know it by: the container's, without the slash and any `r-` prefix; any characters. */
  readonly name: string;
  /** DNS names below the domain, lower case, canonical one first. Empty when the name is not a DNS name. */
  readonly names: readonly string[];
  readonly environment: string;
  /** The stack whose bare names this task may use. */
  readonly stack: string;
  /** The service it belongs to; absent: reachable by its own name only. */
  readonly service?: ServiceRef;
  /**
   * The stack that it is of whatever labels say of its service: that of its compose project or Swarm stack, else
   * `default`; or {@link RANCHER_ORIGIN}. Absent: it is no container of this host.
   */
  readonly origin?: string;
  /** Its labels seal its service: containers of other stacks cannot join it. */
  readonly sealed?: true;
  /** Set by the catalog instead of {@link service}: the service that it asks to be of, which is sealed. */
  readonly refused?: ServiceRef;
  readonly health: Health;
  /** Why the health is what it is, for `explain`: `stop signal 15 sent`, `paused`. */
  readonly reason?: string;
  /** `check`: that it is so is only what the container's own HEALTHCHECK says. A check of ours counts for more. */
  readonly healthFrom?: 'check';
  /** How the container's own HEALTHCHECK last went, as far as the engine was asked. */
  readonly selfCheck?: SelfCheck;
  /** Empty for a stopped task. */
  readonly endpoints: readonly Endpoint[];
  /** The id of the task whose network namespace it shares (`--network container:X`); that task owns the addresses. */
  readonly networkOf?: string;
  /** Further addresses it asks from but is not served at (docker_gwbridge). */
  readonly clientAddresses?: readonly string[];
  /** By network. What is in {@link names} is not repeated. */
  readonly aliases?: readonly NetworkAliases[];
  /** Present for a container of an engine whose files are known. */
  readonly resolver?: ContainerResolver;
  /** What its labels ask of how it resolves names: to ask Fairlead, or to leave it as it is. */
  readonly asksFairlead?: boolean;
  readonly ports: readonly TaskPort[];
  readonly labels: Readonly<Record<string, string>>;
  /** Alias to target, as written by the user: `service`, `service.stack`, or a container name. */
  readonly links: Readonly<Record<string, string>>;
  /** DNS servers of its own, asked before the configured ones for names that are not ours. */
  readonly upstreams?: readonly Upstream[];
  /** 0..65535; 1 by default; 0 takes no new traffic. */
  readonly weight: number;
  /** Seen even by clients that share no network with it. */
  readonly expose: boolean;
  readonly endpointMode?: EndpointMode;
  /** The virtual IP that it asks for its service. */
  readonly vip?: string;
  /** What it says of its service; `maxConnections` is its own. */
  readonly balancing?: Balancing;
  /** Set by the catalog where its service has a slow start: when it became healthy. Absent: it has been all along. */
  readonly healthySince?: number;
  readonly image?: string;
  readonly startedAt?: number;
  /** Milliseconds that it may go on after its stop signal, where that is longer than is usual; its connections may, too. */
  readonly stopTimeout?: number;
  /** Set by the catalog: the source that reported it. */
  readonly source: string;
}

/** What a service consists of. */
export type ServiceKind = 'tasks' | 'external' | 'alias';

/** A service, with its tasks in the order of their names. */
export interface Service extends ServiceRef {
  readonly key: ServiceKey;
  readonly kind: ServiceKind;
  readonly ports: readonly Port[];
  readonly endpointMode: EndpointMode;
  /** What is said of it, over what the configuration says of all. */
  readonly balancing: Balancing;
  /** Its virtual IP; absent: it has none. */
  readonly vip?: string;
  /** Addresses of an external service. */
  readonly externalIps: readonly string[];
  /** Canonical name of an external service; answered as a CNAME. */
  readonly hostname?: string;
  /** Targets of an alias, flattened when it is answered. */
  readonly aliasOf: readonly ServiceRef[];
  readonly links: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly tasks: readonly Task[];
  /** The sources that reported it or of its tasks, sorted. */
  readonly sources: readonly string[];
}

/** A network that tasks are on. */
export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** No route out of it. */
  readonly internal: boolean;
  /** The interface of the host that its packets come in by; absent: not known. */
  readonly bridge?: string;
  /** CIDR texts. */
  readonly subnets: readonly string[];
  /** The host's own addresses on it. */
  readonly gateways: readonly string[];
  readonly source: string;
}

/** A client that asks from an address that no task has: a static entry for hosts without Docker. */
export interface Client {
  readonly address: string;
  readonly environment: string;
  readonly stack: string;
  readonly service?: string;
  readonly links: Readonly<Record<string, string>>;
  readonly upstreams?: readonly Upstream[];
  readonly source: string;
}

/** Something a source could not use, told so that an operator can mend it. */
export interface Problem {
  /** Stable code, for machines: `label-invalid`, `file-syntax`. */
  readonly code: string;
  /** What has it: `container shop_web_1`, `services.yaml:4:7`. */
  readonly subject: string;
  /** What has it, what is wrong, why, and what to do: one line that stands by itself. */
  readonly message: string;
  /** The task it is about, when it is about one; it then goes away with the task. */
  readonly task?: string;
}

/**
 * How current a source's facts are.
 * - `loading`: it has said nothing yet
 * - `live`: facts are as of now
 * - `stale`: it is away; its last facts are being served
 */
export type SourceState = 'loading' | 'live' | 'stale';

export interface SourceStatus {
  readonly name: string;
  readonly state: SourceState;
  /** It reports what other hosts have, so that what is known here does not wait for it. */
  readonly isRemote?: true;
  /** When its facts were last known to be true; absent while loading. */
  readonly asOf?: number;
  /** Why it is not live: one line, with what to do. */
  readonly error?: string;
  /** A line for `fairlead status`: `unix:///var/run/docker.sock, Engine 28.5 (API 1.47)`. */
  readonly detail?: string;
}
