import type { ChangeSet } from '../catalog/change.js';
import type { Demand } from '../catalog/demand.js';
import type { ServiceRef } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { capabilitiesOf } from './source-table.js';

/**
 * What this host uses without being asked: the services that its own tasks belong to, which may have tasks on other
 * hosts, the targets of aliases, and what its tasks have links to.
 */
export function noteLocalUse(demand: Demand): (change: ChangeSet, snapshot: Snapshot) => void {
  return ({ tasks, services }, snapshot) => {
    for (const id of [...tasks.added, ...tasks.changed]) {
      const task = snapshot.task(id);
      if (!task || !capabilitiesOf(task.source).firstHand) continue;
      if (task.service) void demand.use(task.service, false);
      for (const target of Object.values(task.links)) note(demand, target, task.environment, task.stack);
    }
    for (const key of [...services.added, ...services.changed]) {
      const service = snapshot.serviceByKey(key);
      for (const ref of service?.aliasOf ?? []) void demand.use(ref, false);
      for (const target of Object.values(service?.links ?? {}))
        note(demand, target, service?.environment ?? '', service?.stack ?? '');
    }
  };
}

/** A link's target: `service`, `service.stack` or `environment/stack/service`. */
function note(demand: Demand, target: string, environment: string, ownStack: string): void {
  const lower = target.toLowerCase();
  const [service = '', stack = ownStack, ...more] = lower.split('.');
  const [other = '', otherStack = '', otherService = ''] = lower.split('/');
  const ref: ServiceRef = lower.includes('/')
    ? { environment: other, stack: otherStack, service: otherService }
    : { environment, stack, service };
  if (more.length === 0) void demand.use(ref, false);
}
