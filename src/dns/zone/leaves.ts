import { serviceKey, type Port, type Protocol, type Service, type ServiceRef } from '../../catalog/model.js';
import { selectTasks, type ServiceSelection } from '../../catalog/selection.js';
import type { Snapshot } from '../../catalog/snapshot.js';

/** The two leading labels of an SRV owner, without their underscores. */
export interface PortSelector {
  /** A number, or a port's name. */
  readonly port: string;
  readonly protocol: Protocol;
}

/** Whether an SRV owner names this port: by number or by name. */
export function matchesPort(selector: PortSelector, port: Port): boolean {
  if (port.protocol !== selector.protocol) return false;
  return String(port.port) === selector.port || port.name === selector.port;
}

/**
 * The services that carry the data of a service: itself, or for an alias what it stands for, flattened, each once.
 * A cycle of aliases ends where it would begin again.
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

/** What carries the data of a service, and which of its tasks are given. */
export interface Chosen extends ServiceSelection {
  readonly leaves: readonly Service[];
}

/**
 * Which tasks a service's name gives. An alias of several services is judged as one: when all tasks of one of them are
 * unhealthy and the others serve, the others are given alone.
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
