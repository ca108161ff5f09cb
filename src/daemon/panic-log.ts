import { selectTasks } from '../catalog/selection.js';
import { serviceName, type ServiceKey } from '../catalog/model.js';
import type { ChangeSet } from '../catalog/change.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { Log } from '../net/log.js';

/** Logs once when a service enters panic, and once when it leaves it. */
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
          `most tasks of ${name}, or all that have started, are unhealthy, so the checks are distrusted and all ${tasks.length} running tasks are served; "fairlead health ${name}" shows why`,
          { service: name },
        );
      } else {
        inPanic.delete(key);
        log.info(`enough tasks of ${name} are healthy again, so unhealthy ones are no longer served`, {
          service: name,
        });
      }
    }
  };
}
