/**
 * The vocabulary of the catalog. Everything here is an immutable value that a holder may keep indefinitely. Names are
 * lower case; addresses are canonical (`canonicalIp`); times are milliseconds since the epoch.
 */

import type { Balancing } from '../net/balancing.js';
import type { Upstream } from '../net/upstream.js';

/** The states of a task (docs/design.md, "Words"). Clients of a service receive only `healthy` tasks. */
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

/** What a service's own name resolves to: its tasks (`dnsrr`) or its virtual IP (`vip`). */
export type EndpointMode = 'dnsrr' | 'vip';

/**
 * What a client may see and connect to.
 * - `docker`: what it could reach without Fairlead: tasks on its own networks, published ports, and tasks with `expose`
 * - `environment`: every service of its environment, as in Rancher
 */
export type Isolation = 'docker' | 'environment';

/** The network of an endpoint that every client can reach, such as a static entry or a Consul instance. */
export const ANY_NETWORK = '*';

/** The network of a task that runs in the host's own network namespace. */
export const HOST_NETWORK = 'host';

/**
 * The network of an endpoint that is the address of another host, on which the task runs. The task is reached there at
 * the ports that its host publishes, and at no others.
 */
export const OTHER_HOST = '*host';

/** One address of a task on one network. A dual-stack task has two endpoints per network. */
export interface Endpoint {
  /** A network id, {@link ANY_NETWORK}, {@link HOST_NETWORK} or {@link OTHER_HOST}. */
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
  /** The name in SRV owners (`_name._tcp`), if the port has one. */
  readonly name?: string;
}

/** How a task serves a {@link Port}: where it listens (`target`) and where the host publishes the port. */
export interface TaskPort extends Port {
  readonly target: number;
  readonly published?: readonly PublishedPort[];
}

/** The host that a task runs on. */
export interface TaskNode {
  /** The same id whichever source reports the host: the host id of its Fairlead, or the registry's name for it. */
  readonly id: string;
  /** The host name, for people. */
  readonly name: string;
  /** Where other hosts reach it. Undefined if unknown. */
  readonly address?: string;
  /** The version of its Fairlead. Undefined if it has none, or unknown. */
  readonly version?: string;
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

/** `environment/stack/service[/sidekick]`: identifies a service and is its key in every index. */
export type ServiceKey = string;

export function serviceKey(ref: ServiceRef): ServiceKey {
  const base = `${ref.environment}/${ref.stack}/${ref.service}`;
  return ref.sidekick === undefined ? base : `${base}/${ref.sidekick}`;
}

/** The name of a service below the domain: `web.shop`, `log.web.shop` for a sidekick. */
export function serviceName({ stack, service, sidekick }: Omit<ServiceRef, 'environment'>): string {
  return sidekick === undefined ? `${service}.${stack}` : `${sidekick}.${service}.${stack}`;
}

/** For example `web.shop` for `default/shop/web`. */
export function serviceNameOf(key: ServiceKey): string {
  const [, stack = '', service = '', sidekick] = key.split('/');
  return serviceName({ stack, service, ...(sidekick !== undefined && { sidekick }) });
}

/** A task's additional names on one network: Docker's network aliases. They are not unique. */
export interface NetworkAliases {
  /** Network id. */
  readonly network: string;
  /** Lower case. */
  readonly names: readonly string[];
}

/** How the engine makes a container resolve names. */
export interface ContainerResolver {
  /** The host's file that the container sees as /etc/resolv.conf. */
  readonly path: string;
  /** DNS servers configured for the container (`dns:`), as written. */
  readonly servers: readonly string[];
  /** The container's network namespace: its `own`, that of the `host` or of another `container`, or `none`. */
  readonly namespace: 'own' | 'host' | 'container' | 'none';
  /** Whether the user has mounted a resolv.conf over the engine's. */
  readonly isMounted: boolean;
  /** Files of its network namespace, best first. Empty if it does not run. */
  readonly namespaces: readonly string[];
  /** Whether its process runs. False while the engine prepares the container and still writes the file. */
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
   * The key of the instance, unique across all hosts: a container's id, whichever source reports the container, or
   * `file:stack/service/name`. Facts of several sources with the same id describe one task (docs/design.md,
   * "Identity").
   */
  readonly id: string;
  /** Undefined if the host is unknown (an entry of a file). */
  readonly node?: TaskNode;
  /**
   * The name that operators know: the container's name without the slash and any `r-` prefix. It may contain any
   * characters.
   */
  readonly name: string;
  /** DNS names below the domain, in lower case, the canonical one first. Empty if the name is not a DNS name. */
  readonly names: readonly string[];
  readonly environment: string;
  /** The stack whose services this task can look up by bare name. */
  readonly stack: string;
  /** The service it belongs to. Undefined: reachable only by its own name. */
  readonly service?: ServiceRef;
  /**
   * The stack that it is of whatever labels say of its service: that of its compose project or Swarm stack, else
   * `default`; or {@link RANCHER_ORIGIN}. Absent: it is not a container of this host.
   */
  readonly origin?: string;
  /** Its labels seal its service: containers of other stacks cannot join it. */
  readonly sealed?: true;
  /** Set by the catalog instead of {@link service}: the service that it asks to be of, which is sealed. */
  readonly refused?: ServiceRef;
  readonly health: Health;
  /** The reason for its health, for `explain`: `stop signal 15 sent`, `paused`. */
  readonly reason?: string;
  /** `check`: the health comes only from the container's own HEALTHCHECK. A check of ours takes precedence. */
  readonly healthFrom?: 'check';
  /** How the container's own HEALTHCHECK last went, as far as the engine was asked. */
  readonly selfCheck?: SelfCheck;
  /** Empty for a stopped task. */
  readonly endpoints: readonly Endpoint[];
  /** The id of the task whose network namespace it shares (`--network container:X`); that task owns the addresses. */
  readonly networkOf?: string;
  /** Additional source addresses of its queries at which it does not serve (docker_gwbridge). */
  readonly clientAddresses?: readonly string[];
  /** By network. Does not repeat {@link names}. */
  readonly aliases?: readonly NetworkAliases[];
  /** Set for a container of an engine whose files are known. */
  readonly resolver?: ContainerResolver;
  /** What its labels say about name resolution: use Fairlead (true), or leave the container unchanged (false). */
  readonly asksFairlead?: boolean;
  readonly ports: readonly TaskPort[];
  readonly labels: Readonly<Record<string, string>>;
  /** Maps aliases to targets as the user wrote them: `service`, `service.stack`, or a container name. */
  readonly links: Readonly<Record<string, string>>;
  /** The task's own DNS servers. For names that are not ours they are asked before the configured ones. */
  readonly upstreams?: readonly Upstream[];
  /** 0..65535; 1 by default. A task with weight 0 receives no new traffic. */
  readonly weight: number;
  /** Visible even to clients that share no network with it. */
  readonly expose: boolean;
  readonly endpointMode?: EndpointMode;
  /** The virtual IP that it requests for its service. */
  readonly vip?: string;
  /** Its settings for its service. `maxConnections` applies to the task itself. */
  readonly balancing?: Balancing;
  /**
   * When it became healthy. The catalog sets this if the service has a slow start. Undefined: it was healthy from the
   * beginning.
   */
  readonly healthySince?: number;
  /** As its user wrote it: `nginx:1.27`. */
  readonly image?: string;
  /** The digest of the image's configuration, `sha256:...`: which image the name stood for when the task was made. */
  readonly imageId?: string;
  readonly createdAt?: number;
  readonly startedAt?: number;
  /** How often it was started again because it had ended. */
  readonly restarts?: number;
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
  /** Its own settings, on top of the configured defaults. */
  readonly balancing: Balancing;
  /** Its virtual IP. Undefined if it has none. */
  readonly vip?: string;
  /** Addresses of an external service. */
  readonly externalIps: readonly string[];
  /** The canonical name of an external service, answered as a CNAME. */
  readonly hostname?: string;
  /** Targets of an alias. The answer flattens them. */
  readonly aliasOf: readonly ServiceRef[];
  readonly links: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly tasks: readonly Task[];
  /** The sources that reported the service or its tasks, sorted. */
  readonly sources: readonly string[];
}

/** A network that tasks are on. */
export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: string;
  /** Whether the network has no route to the outside. */
  readonly internal: boolean;
  /** The host's interface on which the network's packets arrive. Undefined if unknown. */
  readonly bridge?: string;
  /** CIDR texts. */
  readonly subnets: readonly string[];
  /** The host's own addresses on the network. */
  readonly gateways: readonly string[];
  /** The host drops what tasks on it send to each other (Docker's `enable_icc=false`). */
  readonly separate?: true;
  readonly source: string;
}

/** A client with an address that belongs to no task: a static entry for hosts without Docker. */
export interface Client {
  readonly address: string;
  readonly environment: string;
  readonly stack: string;
  readonly service?: string;
  readonly links: Readonly<Record<string, string>>;
  readonly upstreams?: readonly Upstream[];
  readonly source: string;
}

/** Something that a source could not use, described so that an operator can fix it. */
export interface Problem {
  /** A stable code for programs: `label-invalid`, `file-syntax`. */
  readonly code: string;
  /** The affected object: `container shop_web_1`, `services.yaml:4:7`. */
  readonly subject: string;
  /** The object, what is wrong, why, and what to do, in one self-contained line. */
  readonly message: string;
  /** The task concerned, if any. The problem disappears with the task. */
  readonly task?: string;
}

/**
 * How current a source's facts are.
 * - `loading`: it has not reported yet
 * - `live`: the facts are current
 * - `stale`: it is unreachable; its last facts are being served
 */
export type SourceState = 'loading' | 'live' | 'stale';

export interface SourceStatus {
  readonly name: string;
  readonly state: SourceState;
  /** The source reports objects of other hosts. Local knowledge does not wait for it. */
  readonly isRemote?: true;
  /** When its facts were last known to be true. Undefined while loading. */
  readonly asOf?: number;
  /** Why it is not live, in one line, with what to do. */
  readonly error?: string;
  /** A line for `fairlead status`: `unix:///var/run/docker.sock, Engine 28.5 (API 1.47)`. */
  readonly detail?: string;
}
