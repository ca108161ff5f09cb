import type { ChangeSet } from '../catalog/change.js';
import type { Demand, Likelihood } from '../catalog/demand.js';
import type { Service, ServiceRef, Task } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { capabilitiesOf } from './source-table.js';

/**
 * What this host uses without being asked: the services that its own tasks belong to, which may have tasks on other
 * hosts, the targets of aliases, and what its tasks have links to. Notes it whenever it changes.
 */
export function noteLocalUse(demand: Demand): (change: ChangeSet, snapshot: Snapshot) => void {
  return ({ tasks, services }, snapshot) => {
    for (const id of [...tasks.added, ...tasks.changed]) {
      const task = snapshot.task(id);
      if (task) noteTask(demand, task, 'expected');
    }
    for (const key of [...services.added, ...services.changed]) {
      const service = snapshot.serviceByKey(key);
      if (service) noteService(demand, service, 'expected');
    }
  };
}

/** Notes all of it again, because it is in use as long as it is there. */
export function noteLocalUseAgain(demand: Demand, snapshot: Snapshot): void {
  for (const task of snapshot.tasks()) noteTask(demand, task, 'unlikely');
  for (const service of snapshot.services()) noteService(demand, service, 'unlikely');
}

function noteTask(demand: Demand, task: Task, likelihood: Likelihood): void {
  if (!capabilitiesOf(task.source).firstHand) return;
  if (task.service) void demand.use(task.service, likelihood);
  for (const target of Object.values(task.links))
    noteLink(demand, target, task.environment, task.stack, likelihood);
}

function noteService(demand: Demand, service: Service, likelihood: Likelihood): void {
  for (const ref of service.aliasOf) void demand.use(ref, likelihood);
  for (const target of Object.values(service.links))
    noteLink(demand, target, service.environment, service.stack, likelihood);
}

/** A link's target: `service`, `service.stack` or `environment/stack/service`. */
function noteLink(
  demand: Demand,
  target: string,
  environment: string,
  ownStack: string,
  likelihood: Likelihood,
): void {
  const lower = target.toLowerCase();
  const [service = '', stack = ownStack, ...more] = lower.split('.');
  const [other = '', otherStack = '', otherService = ''] = lower.split('/');
  const ref: ServiceRef = lower.includes('/')
    ? { environment: other, stack: otherStack, service: otherService }
    : { environment, stack, service };
  if (more.length === 0) void demand.use(ref, likelihood);
}
