import { selectTasks } from '../catalog/selection.js';
import { serviceName, type ServiceKey } from '../catalog/model.js';
import type { ChangeSet } from '../catalog/change.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { Log } from '../net/log.js';

/** Writes to the log when a service goes into panic, and when it is out of it again: once each. */
export function logPanic(log: Log): (change: ChangeSet, snapshot: Snapshot) => void {
  const inPanic = new Set<ServiceKey>();
  return ({ services }, snapshot) => {
    for (const key of services.removed) inPanic.delete(key);
    for (const key of [...services.added, ...services.changed]) {
      const service = snapshot.serviceByKey(key);
      if (!service) continue;
      const { tasks, panic } = selectTasks(service);
      if (panic === inPanic.has(key)) continue;
      const name = serviceName(service);
      if (panic) {
        inPanic.add(key);
        log.warn(
          `most tasks of ${name}, or all that have started, are unhealthy: the checks are doubted, and all ${tasks.length} that run are given; "fairlead health ${name}" shows why`,
          { service: name },
        );
      } else {
        inPanic.delete(key);
        log.info(`enough tasks of ${name} are healthy again: the others are not given any more`, {
          service: name,
        });
      }
    }
  };
}
