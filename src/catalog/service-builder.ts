import { canonicalIp } from '../net/ip.js';
import type { ServiceFact } from './facts.js';
import {
  serviceKey,
  type EndpointMode,
  type Port,
  type Problem,
  type Service,
  type ServiceRef,
  type Task,
} from './model.js';
import type { Balancing } from '../net/balancing.js';
import { settingsOfTasks } from './task-settings.js';

/** The defaults for what neither tasks nor sources specify. */
export interface ServiceDefaults {
  readonly endpointMode: EndpointMode;
  readonly balancing: Balancing;
}

/** A source's fact about a service. */
export interface Told {
  readonly fact: ServiceFact;
  readonly source: string;
}

/** A service without an address yet. */
export interface BuiltService {
  readonly service: Service;
  /** The requested virtual IP, as written. */
  readonly pin?: string;
  /** Settings on which its tasks disagree. */
  readonly problems: readonly Problem[];
}

/**
 * Builds one service from its tasks and the sources' facts about it, strongest source first. What no source defines
 * follows from the tasks: the ports are the union of theirs, and each setting comes from the newest task that has it.
 * @param tasks sorted
 * @returns undefined when nothing reports the service any more
 */
export function buildService(
  ref: ServiceRef,
  tasks: readonly Task[],
  told: readonly Told[],
  defaults: ServiceDefaults,
): BuiltService | undefined {
  if (tasks.length === 0 && told.length === 0) return undefined;
  const fact = told[0]?.fact;
  const own = settingsOfTasks(ref, tasks);
  const sources = new Set([...told.map(({ source }) => source), ...tasks.map((task) => task.source)]);
  const service: Service = {
    key: serviceKey(ref),
    environment: ref.environment,
    stack: ref.stack,
    service: ref.service,
    ...(ref.sidekick === undefined ? {} : { sidekick: ref.sidekick }),
    kind: fact?.kind ?? 'tasks',
    ports: fact?.ports ?? unionOfPorts(tasks),
    endpointMode: fact?.endpointMode ?? own.endpointMode ?? defaults.endpointMode,
    balancing: merged(defaults.balancing, own.balancing, fact?.balancing),
    externalIps: fact?.externalIps ?? [],
    ...(fact?.hostname === undefined ? {} : { hostname: fact.hostname }),
    aliasOf: fact?.aliasOf ?? [],
    links: fact?.links ?? {},
    labels: fact?.labels ?? {},
    tasks,
    sources: [...sources].sort(),
  };
  // The source that requests an address need not be the one that defines the service, so the first request counts.
  const pin = told.find(({ fact: { vip } }) => vip !== undefined)?.fact.vip ?? own.vip;
  return { service, ...(pin !== undefined && { pin }), problems: own.problems };
}

/** Without leases, a service has the first reported text that is an address. */
export function toldVip(told: readonly Told[]): string | undefined {
  for (const { fact } of told) {
    const vip = fact.vip === undefined ? undefined : canonicalIp(fact.vip);
    if (vip !== undefined) return vip;
  }
  return undefined;
}

/** Returns the same value for all services without settings of their own. */
function merged(defaults: Balancing, ...over: readonly (Balancing | undefined)[]): Balancing {
  if (over.every((each) => each === undefined)) return defaults;
  return over.reduce<Balancing>((all, each) => ({ ...all, ...each }), defaults);
}

function unionOfPorts(tasks: readonly Task[]): readonly Port[] {
  const ports = new Map<string, Port>();
  let last: Task['ports'] | undefined;
  for (const task of tasks) {
    // Tasks of a service mostly share one list.
    if (task.ports === last) continue;
    last = task.ports;
    for (const { port, protocol, name } of last) {
      const key = `${port}/${protocol}`;
      const known = ports.get(key);
      if (!known || (known.name === undefined && name !== undefined)) {
        ports.set(key, name === undefined ? { port, protocol } : { port, protocol, name });
      }
    }
  }
  return [...ports.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}
