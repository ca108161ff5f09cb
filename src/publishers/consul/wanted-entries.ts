import type { Problem, Task } from '../../catalog/model.js';
import { ownerKeys } from '../../consul/owner-mark.js';
import { printable, quoted } from '../../text/printable.js';
import { entriesOf, type ConsulEntry, type EntryOptions } from './consul-entry.js';

/** What an agent should have, by id. */
export interface WantedEntries {
  readonly entries: ReadonlyMap<string, ConsulEntry>;
  readonly problems: readonly Problem[];
}

/**
 * The entries of these tasks. An id that two of them give, with `SERVICE_ID` or on two ports, stands for one entry in
 * Consul: that of a task that does not drain, so that a replacement takes over.
 */
export function wantedEntries(tasks: Iterable<Task>, options: EntryOptions): WantedEntries {
  const entries = new Map<string, ConsulEntry>();
  const problems: Problem[] = [];
  for (const task of tasks) {
    const found = entriesOf(task, options);
    problems.push(...found.problems);
    for (const entry of found.entries) {
      const first = entries.get(entry.id);
      if (!first || drains(first)) {
        entries.set(entry.id, entry);
        continue;
      }
      if (drains(entry)) continue;
      const subject = `container ${printable(task.name)}`;
      const port = entry.meta[ownerKeys.port] ?? '';
      problems.push({
        code: 'label-invalid',
        subject,
        message:
          `${subject}: the id ${quoted(entry.id)} of port ${port} in Consul is already that of port ` +
          `${first.meta[ownerKeys.port] ?? ''} of container ${printable(first.meta[ownerKeys.name] ?? '')}; ` +
          `it is not published to Consul; give each another SERVICE_ID, or SERVICE_<port>_ID`,
        task: task.id,
      });
    }
  }
  return { entries, problems };
}

const drains = ({ maintenance }: ConsulEntry): boolean => maintenance !== undefined;
