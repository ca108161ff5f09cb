import { serviceKey, type Port, type Protocol, type Service, type ServiceRef } from '../../catalog/model.js';
import { selectTasks, type ServiceSelection } from '../../catalog/selection.js';
import type { Snapshot } from '../../catalog/snapshot.js';

/** The first two labels of an SRV owner, without their underscores. */
export interface PortSelector {
  /** A port number or a port's name. */
  readonly port: string;
  readonly protocol: Protocol;
}

/** Whether an SRV owner means this port, by number or by name. */
export function matchesPort(selector: PortSelector, port: Port): boolean {
  if (port.protocol !== selector.protocol) return false;
  return String(port.port) === selector.port || port.name === selector.port;
}

/**
 * The services with the data of a service: the service itself, or the flattened targets of an alias, each once. A cycle
 * of aliases ends where it would repeat.
 */
export function leaves(snapshot: Snapshot, root: Service): readonly Service[] {
  if (root.kind !== 'alias') return [root];
  const seen = new Set<string>();
  const found: Service[] = [];
  const visit = (each: Service) => {
    if (seen.has(each.key)) return;
    seen.add(each.key);
    if (each.kind !== 'alias') found.push(each);
    else for (const ref of each.aliasOf) visitRef(ref);
  };
  const visitRef = (ref: ServiceRef) => {
    const target = snapshot.serviceByKey(serviceKey(ref));
    if (target) visit(target);
  };
  visit(root);
  return found;
}

/** The services with the data of a service, and the selected tasks. */
export interface Chosen extends ServiceSelection {
  readonly leaves: readonly Service[];
}

/**
 * The tasks for a service's name. An alias of several services is evaluated as a whole: if all tasks of one service are
 * unhealthy and the other services are fine, only the others are given.
 */
export function chosenTasks(snapshot: Snapshot, root: Service): Chosen {
  const found = leaves(snapshot, root);
  const [only, ...more] = found;
  const judged =
    only && more.length === 0
      ? only
      : { tasks: found.flatMap(({ tasks }) => tasks), balancing: root.balancing };
  return { leaves: found, ...selectTasks(judged) };
}
