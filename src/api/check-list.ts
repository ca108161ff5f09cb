import type { CheckRow } from '../catalog/checks.js';
import { serviceKey, type Health, type Task } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import { refJson, timestamp } from './json.js';
import type { HealthPort } from './ports.js';
import { byText } from './sorted.js';
import type { CheckJson } from './types/resources.js';

/**
 * The checks of tasks, by service and name, made one by one.
 * @param fits whether a task with this health belongs to the list
 */
export function checkList(
  { snapshot, health }: { readonly snapshot: Snapshot; readonly health: Pick<HealthPort, 'rows'> },
  fits: (task: Task, health: Health) => boolean,
): Iterable<CheckJson> {
  const found: CheckedTask[] = [];
  for (const row of health.rows()) {
    const task = snapshot.task(row.task);
    if (task && fits(task, row.health)) found.push({ task, row });
  }
  return eachJson(found.sort(byServiceAndName));
}

interface CheckedTask {
  readonly task: Task;
  readonly row: CheckRow;
}

/** Tasks without a service come last. */
function byServiceAndName({ task: a }: CheckedTask, { task: b }: CheckedTask): number {
  if ((a.service === undefined) !== (b.service === undefined)) return a.service === undefined ? 1 : -1;
  return byText(serviceOrder(a), serviceOrder(b)) || byText(a.name, b.name) || byText(a.id, b.id);
}

function serviceOrder({ service }: Task): string {
  return service === undefined ? '' : serviceKey(service);
}

function* eachJson(checks: readonly CheckedTask[]): Generator<CheckJson> {
  for (const check of checks) yield checkJson(check);
}

function checkJson({ task, row }: CheckedTask): CheckJson {
  const { last, next, heldUntil, interval } = row;
  return {
    id: task.id,
    name: task.name,
    environment: task.environment,
    stack: task.stack,
    ...(task.service === undefined ? {} : { service: refJson(task.service) }),
    health: row.health,
    since: timestamp(row.since),
    ...(task.reason === undefined ? {} : { reason: task.reason }),
    kind: row.kind,
    check: row.check,
    ...(interval === undefined ? {} : { intervalMs: interval }),
    from: row.from,
    passes: row.passes,
    failures: row.failures,
    rise: row.rise,
    fall: row.fall,
    ...(last && { last: { ok: last.ok, detail: last.detail, ms: last.took, at: timestamp(last.at) } }),
    ...(next === undefined ? {} : { next: timestamp(next) }),
    ...(heldUntil === undefined ? {} : { heldUntil: timestamp(heldUntil) }),
  };
}
