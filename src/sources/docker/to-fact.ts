import {
  serviceKey,
  type Problem,
  type TaskPort,
  HOST_NETWORK,
  type ContainerResolver,
  type Endpoint,
  type NetworkAliases,
  type TaskNode,
} from '../../catalog/model.js';
import type { ServiceFact, TaskFact } from '../../catalog/facts.js';
import { balancingSettings } from '../../net/balancing.js';
import { labelFault, nameFault } from '../../net/dns-labels.js';
import { idleProxySettings } from '../../net/udp-proxy-protocol.js';
import { printable } from '../../text/printable.js';
import { defaultStopTimeout, type Container, type ContainerPort } from './container.js';
import type { ContainerLabels } from './container-labels.js';
import { identify, type Identity } from '../../labels/task-identity.js';
import { operatorName } from '../../labels/task-names.js';
import type { ServiceClaims } from './shared-services.js';
import { isStopSignal } from './stop-signals.js';

/** A signal that was sent to a container. */
export interface SentSignal {
  readonly signal: number;
  /** The engine's clock in milliseconds; undefined if not given. */
  readonly at: number | undefined;
}

/** The inputs of a container's fact besides the container. */
export interface FactContext {
  /** The daemon's. */
  readonly environment: string;
  /** The engine's host. */
  readonly node?: TaskNode | undefined;
  /** The address of tasks in the host's network namespace. */
  readonly hostAddress: string | undefined;
  /** Source addresses at which it is not served: docker_gwbridge. */
  readonly clientAddresses: readonly string[];
  /** Networks whose addresses are only for the engine itself: Swarm's ingress. */
  readonly unservedNetworks: ReadonlySet<string>;
  /** The engine's data directory; undefined if unknown. */
  readonly root: string | undefined;
  readonly sent: SentSignal | undefined;
  /** Which labels a task keeps. */
  readonly labels: ContainerLabels;
  /** The container of a given id, for `container:` modes. */
  readonly container: (id: string) => Container | undefined;
}

/** @returns no fact for a container with a label not to serve it */
export function toFact(
  container: Container,
  context: FactContext,
): { readonly fact?: TaskFact; readonly claims?: ServiceClaims; readonly problems: readonly Problem[] } {
  const identity = identify({ kind: 'container', ...container }, context.environment);
  if (!identity.enabled) return { problems: [] };
  const place = whereIs(container, context);
  const state = stateOf(container, context.sent, place.fault, identity.drain);
  const { clientAddresses } = context;
  const ports = taskPorts(container, identity);
  // The aliases of a container without its own network are visible to every client.
  const names = container.attachments.length > 0 ? identity.names : [...identity.names, ...identity.aliases];
  const aliases = aliasesOf(container, identity);
  const resolver = resolverOf(container, context.root);
  return {
    fact: {
      id: container.id,
      ...(context.node && { node: context.node }),
      name: identity.name,
      names: [...new Set(names)],
      environment: identity.environment,
      stack: identity.stack,
      ...(identity.service === undefined ? {} : { service: identity.service }),
      origin: identity.origin,
      ...(identity.sealed && { sealed: true }),
      ...state,
      ...(container.selfCheck && { selfCheck: container.selfCheck }),
      endpoints: place.endpoints,
      ...(place.parent === undefined ? {} : { networkOf: place.parent }),
      ...(clientAddresses.length === 0 || container.phase === 'stopped' ? {} : { clientAddresses }),
      ...(aliases.length === 0 ? {} : { aliases }),
      ...(resolver === undefined ? {} : { resolver }),
      ...(identity.asksFairlead === undefined ? {} : { asksFairlead: identity.asksFairlead }),
      ports,
      labels: context.labels.of(container),
      links: { ...dockerLinks(container), ...identity.links },
      ...(identity.upstreams.length === 0 ? {} : { upstreams: identity.upstreams }),
      weight: identity.weight,
      expose: identity.expose,
      ...(identity.endpointMode === undefined ? {} : { endpointMode: identity.endpointMode }),
      ...(identity.vip === undefined ? {} : { vip: identity.vip }),
      ...(identity.balancing === undefined ? {} : { balancing: identity.balancing }),
      ...(container.image === undefined ? {} : { image: container.image }),
      ...(container.imageId === undefined ? {} : { imageId: container.imageId }),
      ...(container.createdAt === undefined ? {} : { createdAt: container.createdAt }),
      ...(container.startedAt === undefined ? {} : { startedAt: container.startedAt }),
      ...(container.restarts === undefined ? {} : { restarts: container.restarts }),
      ...(container.stopTimeout > defaultStopTimeout && { stopTimeout: container.stopTimeout }),
    },
    claims: claimsOf(identity, ports),
    problems: [...identity.problems, ...idleProxyLabels(container, identity, ports)],
  };
}

function claimsOf(
  { service, spelled, portServices, name }: Identity,
  ports: readonly TaskPort[],
): ServiceClaims {
  if (service === undefined) return { named: [] };
  const { environment, stack } = service;
  const named = portServices.map(({ service: text, port }): ServiceFact => ({
    ...{ environment, stack, service: text },
    kind: 'alias',
    aliasOf: [service],
    ports: ports.filter((each) => each.target === port).map(({ target: _, published: __, ...each }) => each),
  }));
  return {
    named,
    ...(spelled !== undefined && { spelled: { key: serviceKey(service), text: spelled, container: name } }),
  };
}

function idleProxyLabels(
  container: Container,
  { name, balancing = {} }: Identity,
  ports: readonly TaskPort[],
): Problem[] {
  const subject = `container ${printable(name)}`;
  return idleProxySettings(balancing, ports).map(({ field, why }) => ({
    ...{ code: 'label-without-effect', subject, task: container.id },
    message: `${subject}: label fairlead.${balancingSettings[field].name} ${why}`,
  }));
}

/** The container whose network namespace this one shares, by the id or name in its mode. */
export function parentOf(container: Container): string | undefined {
  return /^container:(.+)$/.exec(container.networkMode)?.[1];
}

/** Whether a sent signal still counts. A signal to an earlier run does not. */
export function isDraining(container: Container, sent: SentSignal | undefined): sent is SentSignal {
  if (sent === undefined || container.phase === 'stopped') return false;
  const stale = sent.at !== undefined && container.startedAt !== undefined && sent.at < container.startedAt;
  return !stale && isStopSignal(sent.signal, container.stopSignal);
}

function stateOf(
  container: Container,
  sent: SentSignal | undefined,
  fault: string | undefined,
  isDrained: boolean,
): Pick<TaskFact, 'health' | 'reason' | 'healthFrom'> {
  if (container.phase === 'stopped') {
    return { health: 'stopped', ...(container.end === undefined ? {} : { reason: container.end }) };
  }
  if (isDraining(container, sent)) return { health: 'draining', reason: `stop signal ${sent.signal} sent` };
  if (isDrained) return { health: 'draining', reason: 'label fairlead.drain=true' };
  if (container.phase === 'starting') return { health: 'initializing', reason: 'starting' };
  if (container.phase === 'paused') return { health: 'unhealthy', reason: 'paused' };
  if (fault !== undefined) return { health: 'unhealthy', reason: fault };
  switch (container.health) {
    case 'none':
      return { health: 'healthy' };
    case 'healthy':
      return { health: 'healthy', healthFrom: 'check' };
    case 'starting':
      return { health: 'initializing', reason: 'Docker health check: starting', healthFrom: 'check' };
    case 'unhealthy':
      return { health: 'unhealthy', reason: unhealthyReason(container), healthFrom: 'check' };
  }
}

/** The result may still be that of before: the engine is asked for it behind the event. */
function unhealthyReason({ selfCheck }: Container): string {
  const detail = selfCheck && !selfCheck.ok ? ` (${selfCheck.detail})` : '';
  return `Docker health check: unhealthy${detail}`;
}

interface Whereabouts {
  readonly endpoints: readonly Endpoint[];
  /** The id of the container that owns the addresses. */
  readonly parent?: string;
  /** Why it cannot be reached even though it runs. */
  readonly fault?: string;
}

/** The engine refuses chains of `container:`. The bound guards against answers that contain one. */
const maxShared = 4;

function whereIs(container: Container, context: FactContext, depth = 0): Whereabouts {
  if (container.phase === 'stopped') return { endpoints: [] };
  if (container.networkMode === 'host') {
    const ip = context.hostAddress;
    return ip === undefined
      ? { endpoints: [], fault: 'the address of the host is unknown; set host.address' }
      : { endpoints: [{ network: HOST_NETWORK, ip }] };
  }
  const parentId = parentOf(container);
  if (parentId !== undefined) return sharedWith(container, parentId, context, depth);
  const endpoints = container.attachments
    .filter(({ network }) => !context.unservedNetworks.has(network))
    .flatMap(({ network, ips }) => ips.map((ip) => ({ network, ip })));
  return { endpoints };
}

function sharedWith(child: Container, parentId: string, context: FactContext, depth: number): Whereabouts {
  const parent = depth < maxShared ? context.container(parentId) : undefined;
  if (parent === undefined || parent.phase === 'stopped') {
    const name = parent === undefined ? parentId.slice(0, 12) : operatorName(parent.name);
    return { endpoints: [], fault: `shares the network of ${name}, which is not running` };
  }
  // The namespace that it joined ended with the earlier run of its parent.
  if (parent.startedAt !== undefined && child.startedAt !== undefined && parent.startedAt > child.startedAt) {
    const name = operatorName(parent.name);
    return { endpoints: [], fault: `shares the network of an earlier run of ${name}; restart it` };
  }
  return { parent: parent.id, ...whereIs(parent, context, depth + 1) };
}

function taskPorts(container: Container, identity: Identity): TaskPort[] {
  const exposed = new Map<string, ContainerPort & { readonly name?: string }>();
  for (const port of container.ports) {
    if (identity.ignoredPorts.has(port.port)) continue;
    const name = identity.portNames.get(port.port);
    exposed.set(`${port.port}/${port.protocol}`, { ...port, ...(name === undefined ? {} : { name }) });
  }
  const ports = new Map([...exposed].map(([key, port]) => [key, { ...port, target: port.port }]));
  for (const port of identity.ports) {
    const { published = [], name } = exposed.get(`${port.target}/${port.protocol}`) ?? {};
    const key = `${port.port}/${port.protocol}`;
    ports.set(key, { published, ...(name !== undefined && { name }), ...port });
  }
  return [...ports.values()]
    .map(({ published, ...port }) => ({ ...port, ...(published.length === 0 ? {} : { published }) }))
    .sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}

/** Invalid names are left out. Docker accepts them, but no client can ask for them. */
function aliasesOf({ attachments }: Container, identity: Identity): NetworkAliases[] {
  const known = new Set(identity.names);
  return attachments
    .map(({ network, aliases = [] }) => ({
      network,
      names: [...new Set([...aliases.map((alias) => alias.toLowerCase()), ...identity.aliases])].filter(
        (alias) => !known.has(alias) && nameFault(alias) === undefined,
      ),
    }))
    .filter(({ names }) => names.length > 0);
}

function resolverOf(container: Container, root: string | undefined): ContainerResolver | undefined {
  const path =
    container.resolvConf ??
    (root === undefined ? undefined : `${root}/containers/${container.id}/resolv.conf`);
  if (path === undefined) return undefined;
  const { networkMode, phase, attachments } = container;
  const isOn = (name: string) => networkMode === name || attachments.some((place) => place.name === name);
  const namespace =
    parentOf(container) === undefined ? (isOn('host') ? 'host' : isOn('none') ? 'none' : 'own') : 'container';
  return {
    path,
    servers: container.servers ?? [],
    namespace,
    isMounted: container.mountsResolvConf ?? false,
    namespaces: container.namespaces ?? [],
    isRunning: phase === 'running' || phase === 'paused',
  };
}

/**
 * Links from `docker run --link` on the default bridge, and links of user networks: `/target:/consumer/alias`,
 * `target:alias`.
 */
function dockerLinks({ links, attachments }: Container): Record<string, string> {
  // Invalid names are left out. Docker accepts them, but no client can ask for them.
  const pairs = [...links, ...attachments.flatMap((place) => place.links ?? [])]
    .map((link) => {
      const [target = '', path = ''] = link.split(':');
      const alias = path.slice(path.lastIndexOf('/') + 1);
      const name = operatorName(target.replace(/^\//, '')).toLowerCase();
      // The first twelve digits of an id are also a name.
      return [alias.toLowerCase(), /^[0-9a-f]{64}$/.test(name) ? name.slice(0, 12) : name] as const;
    })
    .filter(([alias, target]) => labelFault(alias) === undefined && nameFault(target) === undefined);
  return Object.fromEntries(pairs);
}
