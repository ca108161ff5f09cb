import type { Task } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { canonicalIp } from '../net/ip.js';
import { clip } from './params.js';
import { ApiProblem } from './problem.js';

/**
 * Finds the one task that an operator means: by its whole id, else by container name (with or without Docker's leading
 * slash), else by an id prefix. Among tasks with the same name, a running one wins over stopped ones.
 * @throws ApiProblem `task-not-found` (404), `task-ambiguous` (409)
 */
export function findTask(snapshot: Snapshot, text: string): Task {
  const wanted = text.startsWith('/') ? text.slice(1) : text;
  const exact = snapshot.task(wanted);
  if (exact) return exact;
  const lower = wanted.toLowerCase();
  const named: Task[] = [];
  const begun: Task[] = [];
  for (const task of snapshot.tasks()) {
    if (task.name.toLowerCase() === lower || task.names.includes(lower)) named.push(task);
    else if (lower !== '' && task.id.startsWith(lower)) begun.push(task);
  }
  const candidates = named.length > 0 ? named : begun;
  const running = candidates.filter((task) => task.health !== 'stopped');
  const choice = running.length > 0 ? running : candidates;
  const [first, second] = choice;
  if (first === undefined) {
    throw new ApiProblem(
      404,
      'task-not-found',
      `no task has the id or name "${clip(wanted)}"; "fairlead tasks" lists them`,
    );
  }
  if (second === undefined) return first;
  const some = choice.slice(0, 4).map((task) => `${clip(task.name)} (${clip(task.id.slice(0, 12))})`);
  const more = choice.length > some.length ? `, and ${choice.length - some.length} more` : '';
  throw new ApiProblem(
    409,
    'task-ambiguous',
    `"${clip(wanted)}" matches ${some.join(', ')}${more}; give more of the id`,
  );
}

/**
 * The client that an `as` parameter names: an address, or a task (see {@link findTask}), whose first address is used.
 * @returns a canonical address; undefined without `as`
 * @throws ApiProblem see findTask; also `task-without-address` (409)
 */
export function clientAddress(snapshot: Snapshot, as: string | undefined): string | undefined {
  if (as === undefined) return undefined;
  const ip = canonicalIp(as);
  if (ip !== undefined) return ip;
  const task = findTask(snapshot, as);
  const address = task.endpoints[0]?.ip ?? task.clientAddresses?.[0];
  if (address !== undefined) return address;
  throw new ApiProblem(
    409,
    'task-without-address',
    `${clip(task.name)} has no address (it is ${task.health}); give a client address instead`,
  );
}
