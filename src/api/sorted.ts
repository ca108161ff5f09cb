import type { Service, Task } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';

/** Compares by code units. */
export const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Services by key. */
export function sortedServices(snapshot: Snapshot): readonly Service[] {
  return [...snapshot.services()].sort((a, b) => byText(a.key, b.key));
}

/** Tasks by service, then name; those without a service come last. */
export function* sortedTasks(snapshot: Snapshot): Generator<Task> {
  for (const service of sortedServices(snapshot)) yield* service.tasks;
  const loose = [...snapshot.tasks()].filter((task) => task.service === undefined);
  yield* loose.sort((a, b) => byText(a.name, b.name) || byText(a.id, b.id));
}
