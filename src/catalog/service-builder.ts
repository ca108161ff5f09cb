import { canonicalIp } from '../net/ip.js';
import type { ServiceFact } from './facts.js';
import { serviceKey, type Port, type Service, type ServiceRef, type Task } from './model.js';

/**
 * One service from its tasks and from what sources say of it, strongest first. What no source defines follows from the
 * tasks: the ports are the union of theirs, the endpoint mode is that of the first task that has one.
 * @param tasks sorted
 * @returns undefined when nothing tells of the service any more
 */
export function buildService(
  ref: ServiceRef,
  tasks: readonly Task[],
  told: readonly { readonly fact: ServiceFact; readonly source: string }[],
): Service | undefined {
  if (tasks.length === 0 && told.length === 0) return undefined;
  const fact = told[0]?.fact;
  const vip = vipOf(told);
  const sources = new Set([...told.map(({ source }) => source), ...tasks.map((task) => task.source)]);
  const service: Service = {
    key: serviceKey(ref),
    environment: ref.environment,
    stack: ref.stack,
    service: ref.service,
    ...(ref.sidekick === undefined ? {} : { sidekick: ref.sidekick }),
    kind: fact?.kind ?? 'tasks',
    ports: fact?.ports ?? unionOfPorts(tasks),
    endpointMode: fact?.endpointMode ?? tasks.find((task) => task.endpointMode)?.endpointMode ?? 'dnsrr',
    externalIps: fact?.externalIps ?? [],
    ...(fact?.hostname === undefined ? {} : { hostname: fact.hostname }),
    aliasOf: fact?.aliasOf ?? [],
    links: fact?.links ?? {},
    labels: fact?.labels ?? {},
    tasks,
    sources: [...sources].sort(),
  };
  return vip === undefined ? service : { ...service, vip };
}

/** Whoever leases addresses need not be whoever defines the service, so the first that tells of one counts. */
function vipOf(told: Parameters<typeof buildService>[2]): string | undefined {
  for (const { fact } of told) {
    const vip = fact.vip === undefined ? undefined : canonicalIp(fact.vip);
    if (vip !== undefined) return vip;
  }
  return undefined;
}

function unionOfPorts(tasks: readonly Task[]): readonly Port[] {
  const ports = new Map<string, Port>();
  for (const task of tasks) {
    for (const { port, protocol, name } of task.ports) {
      const key = `${port}/${protocol}`;
      const known = ports.get(key);
      if (!known || (known.name === undefined && name !== undefined)) {
        ports.set(key, name === undefined ? { port, protocol } : { port, protocol, name });
      }
    }
  }
  return [...ports.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1));
}
