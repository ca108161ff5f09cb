import type { ChangeSet } from '../catalog/change.js';

/** The services and tasks that changes since the last look are about. */
export class ChangedKeys {
  readonly services = new Set<string>();
  readonly tasks = new Set<string>();

  add({ services, tasks }: Pick<ChangeSet, 'services' | 'tasks'>): void {
    for (const [all, keys] of [
      [this.services, services],
      [this.tasks, tasks],
    ] as const) {
      for (const list of [keys.added, keys.changed, keys.removed]) for (const key of list) all.add(key);
    }
  }

  clear(): void {
    this.services.clear();
    this.tasks.clear();
  }
}
