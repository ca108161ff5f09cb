import { ANY_NETWORK, type Health, type ServiceRef } from '../../src/catalog/model.js';
import type { Facts, ServiceFact, TaskFact } from '../../src/catalog/facts.js';
import { canonicalIp } from '../../src/net/ip.js';
import type { Container, Metadata, RancherService } from './case-file.js';

/** Where the targets of aliases live that only a look-up by link key finds. */
const LOOKED_UP = 'linkable';

/** The environment of a case; what is in another one is not seen. */
export function environmentOf({ self_host }: Metadata): string {
  return self_host.environment_uuid || 'default';
}

/**
 * Rancher's metadata as the facts of a source. What its generator does is in reference/rancher.md 1.1 and 1.4: a service has the
 * containers in its own list, a client's links come from the service that `/containers` names, and of equal container
 * names the last one counts.
 */
export function metadataFacts(input: Metadata): Facts {
  const tasks = new TaskList(input);
  const services: ServiceFact[] = [];
  for (const service of input.services) {
    const ref = refOf(service, environmentOf(input));
    services.push(serviceFact(service, ref, input));
    for (const container of service.containers) tasks.add(container, { ref, service });
  }
  for (const [key, service] of Object.entries(input.linkable_services)) {
    const ref = linkableRef(key, service);
    services.push(serviceFact(service, ref, input));
    for (const container of service.containers) tasks.add(container, { ref, service });
  }
  for (const container of input.containers) tasks.add(container);
  return { tasks: tasks.facts(), services };
}

/** `stack/service` is looked up where nobody asks; with an environment, and a region before it, in that environment. */
function linkableRef(key: string, service: RancherService): ServiceRef {
  const place = key.toLowerCase().split('/').slice(0, -2).join('/');
  return { ...refOf(service, ''), environment: place || LOOKED_UP };
}

function refOf(service: RancherService, environment: string): ServiceRef {
  const name = service.name.toLowerCase();
  const primary = service.primary_service_name.toLowerCase();
  const base = {
    environment: service.environment_uuid || environment,
    stack: service.stack_name.toLowerCase(),
  };
  return primary === '' || primary === name
    ? { ...base, service: name }
    : { ...base, service: primary, sidekick: name };
}

function serviceFact(service: RancherService, ref: ServiceRef, input: Metadata): ServiceFact {
  const { kind, hostname, external_ips, vip } = service;
  const own = validIp(vip);
  const base = { ...ref, ...(own === undefined ? {} : { endpointMode: 'vip' as const, vip: own }) };
  if (kind === 'dnsService') {
    return {
      ...base,
      kind: 'alias',
      aliasOf: Object.keys(service.links).map((key) => aliasTarget(key, ref, input)),
    };
  }
  if (kind === 'externalService') {
    const externalIps = external_ips.map(validIp).filter((ip) => ip !== undefined);
    return { ...base, kind: 'external', externalIps, ...(hostname === '' ? {} : { hostname }) };
  }
  return { ...base, kind: 'tasks', links: serviceLinks(service) };
}

function aliasTarget(key: string, from: ServiceRef, { linkable_services }: Metadata): ServiceRef {
  const found = linkable_services[key];
  if (found) return linkableRef(key, found);
  const [service = '', stack = '', ...place] = key.toLowerCase().split('/').reverse();
  return { environment: place.length === 0 ? from.environment : place.reverse().join('/'), stack, service };
}

/** Links by alias. One whose alias is its key, or that has none, adds no name to what the target has anyway. */
function serviceLinks({ links }: RancherService): Record<string, string> {
  const named = Object.entries(links).filter(([key, alias]) => alias !== '' && alias !== key);
  return Object.fromEntries(named.map(([key, alias]) => [alias.toLowerCase(), linkTarget(key)]));
}

/** `service.stack`; with an environment in front of it, the key as it stands. */
function linkTarget(key: string): string {
  const [stack = '', service = '', ...more] = key.toLowerCase().split('/');
  return more.length === 0 ? `${service}.${stack}` : key.toLowerCase();
}

class TaskList {
  readonly #input: Metadata;
  readonly #tasks = new Map<string, TaskFact>();
  #count = 0;

  constructor(input: Metadata) {
    this.#input = input;
  }

  /** A container of a service's list and of `/containers` is one task when uuid, address and state say so. */
  add(container: Container, of?: { readonly ref: ServiceRef; readonly service: RancherService }): void {
    const at = this.#count++;
    const { name, uuid, state, primary_ip } = container;
    const environment = of?.ref.environment ?? (container.environment_uuid || environmentOf(this.#input));
    const id = [environment, uuid || at, name, primary_ip, state].join('#');
    const known = this.#tasks.get(id);
    const service = of?.ref ?? known?.service;
    const home = this.#input.services.find(
      (each) => each.name === container.service_name && each.stack_name === container.stack_name,
    );
    this.#tasks.set(id, {
      id,
      name,
      names: environment === LOOKED_UP ? [] : [name.toLowerCase()],
      environment,
      stack: service?.stack ?? (container.stack_name.toLowerCase() || 'default'),
      ...(service && { service }),
      health: of ? healthOf(container, of.service) : (known?.health ?? healthOf(container)),
      endpoints: this.#endpoints(container),
      ...(this.#ownerOf(container) && { networkOf: container.network_from_container_uuid }),
      ports: [],
      labels: {},
      links: { ...this.#containerLinks(container), ...(home && serviceLinks(home)) },
      weight: 1,
      expose: false,
      startedAt: at,
    });
  }

  facts(): readonly TaskFact[] {
    return [...this.#tasks.values()];
  }

  #containers(): readonly Container[] {
    return [...this.#input.containers, ...this.#input.services.flatMap((service) => service.containers)];
  }

  #ownerOf({ primary_ip, network_from_container_uuid: uuid }: Container): Container | undefined {
    if (primary_ip !== '' || uuid === '') return undefined;
    return this.#containers().find((each) => each.uuid === uuid);
  }

  /** Rancher's managed network leads from every container to every other, on whatever host. */
  #endpoints(container: Container): TaskFact['endpoints'] {
    const ip = validIp((this.#ownerOf(container) ?? container).primary_ip);
    return ip === undefined || !isRunning(container) ? [] : [{ network: ANY_NETWORK, ip }];
  }

  #containerLinks({ links }: Container): Record<string, string> {
    const named = Object.entries(links).map(([alias, uuid]) => {
      const target = this.#containers().find((each) => each.uuid === uuid);
      return [alias.toLowerCase(), (target?.name ?? uuid).toLowerCase()];
    });
    return Object.fromEntries(named) as Record<string, string>;
  }
}

/** Rancher counts a container that is starting as running (reference/rancher.md 1.4). */
export function isRunning({ state }: Container): boolean {
  return ['running', 'starting'].includes(state.toLowerCase());
}

/** Every word that Rancher does not count as healthy is not; without a check, no word is needed (reference/rancher.md 1.4). */
export function healthOf(container: Container, service?: RancherService): Health {
  if (!isRunning(container)) return container.state.toLowerCase() === 'stopping' ? 'draining' : 'stopped';
  switch (container.health_state) {
    case 'healthy':
    case 'updating-healthy':
      return 'healthy';
    case '':
      return (service?.health_check?.port ?? 0) > 0 ? 'initializing' : 'healthy';
    case 'initializing':
      return 'initializing';
    case 'reinitializing':
    case 'updating-reinitializing':
      return 'reinitializing';
    default:
      return 'unhealthy';
  }
}

/**
 * A canonical address. Rancher's tests have 172.17.0.777, which no packet can come from: 172.17.3.9 stands for it.
 * @returns undefined for a container without an address
 */
export function validIp(text: string): string | undefined {
  return canonicalIp(text === '172.17.0.777' ? '172.17.3.9' : text);
}
