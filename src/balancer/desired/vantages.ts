import type { Task } from '../../catalog/model.js';
import type { Vantage } from '../../linux/bridge-crossing.js';
import { ipFamily } from '../../net/ip.js';

/**
 * A running container on each of these networks. One that is on this network alone comes first: of others, packets to
 * virtual IPs leave by the network of their default route.
 * @param networks ids
 * @returns by network id
 */
export function vantagesOn(
  tasks: Iterable<Pick<Task, 'endpoints' | 'resolver'>>,
  networks: ReadonlySet<string>,
  family: 4 | 6,
): ReadonlyMap<string, Vantage> {
  const found = new Map<string, Vantage>();
  const others = new Map<string, Vantage>();
  for (const { endpoints, resolver } of tasks) {
    if (!resolver?.isRunning || resolver.namespace !== 'own' || resolver.namespaces.length === 0) continue;
    const { namespaces } = resolver;
    const isAlone = new Set(endpoints.map(({ network }) => network)).size === 1;
    for (const { network, ip } of endpoints) {
      const known = isAlone ? found : others;
      if (networks.has(network) && ipFamily(ip) === family && !known.has(network))
        known.set(network, { namespaces, ip });
    }
  }
  return new Map([...others, ...found]);
}
