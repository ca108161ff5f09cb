import type { FastifyInstance } from 'fastify';
import { serviceKey, type Task } from '../../catalog/model.js';
import { Body } from '../body.js';
import { findTask } from '../find-task.js';
import { jsonListStream } from '../json-stream.js';
import { refJson, timestamp } from '../json.js';
import { clip, Params } from '../params.js';
import type { CheckRow } from '../../catalog/checks.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import { byText } from '../sorted.js';
import { TASK_FILTERS, taskFilter } from '../task-filter.js';
import type { CheckJson, TaskRefJson } from '../types/resources.js';

interface OfTask {
  readonly Params: { readonly id: string };
}

/**
 * `/v1/health`: the checks of tasks and their results. Other routes check a task at once, or accept a task's report.
 */
export function checkRoutes(app: FastifyInstance, { catalog, health, clock }: ApiPorts): void {
  app.get('/v1/health', (request, reply) => {
    const params = new Params(request.query, [...TASK_FILTERS, 'task']);
    const fits = taskFilter(params);
    const { snapshot } = catalog;
    const wanted = params.text('task');
    const only = wanted === undefined ? undefined : findTask(snapshot, wanted).id;
    const found: CheckedTask[] = [];
    for (const row of health.rows()) {
      const task = snapshot.task(row.task);
      if (task && (only === undefined || row.task === only) && fits(task, row.health))
        found.push({ task, row });
    }
    found.sort(byServiceAndName);
    const head = { revision: snapshot.revision, now: timestamp(clock()) };
    return reply
      .type('application/json; charset=utf-8')
      .send(jsonListStream(head, 'checks', eachJson(found)));
  });

  app.post<OfTask>('/v1/tasks/:id/check', (request, reply) => {
    new Params(request.query, []);
    new Body(request.body, []);
    const task = findTask(catalog.snapshot, request.params.id);
    if (!health.checkNow(task.id)) {
      const detail = `${clip(task.name)} cannot be probed: it has stopped, has no check, or is checked by Docker; "fairlead health" lists the checks`;
      throw new ApiProblem(409, 'task-without-check', detail);
    }
    return reply.code(202).send(taskRef(task));
  });

  app.put<OfTask>('/v1/tasks/:id/beat', (request): TaskRefJson => {
    new Params(request.query, []);
    const body = new Body(request.body, ['ok', 'note']);
    const ok = body.flag('ok') ?? true;
    const note = body.note('note') ?? '';
    const task = findTask(catalog.snapshot, request.params.id);
    const remedy = 'give it the label fairlead.health.type: ttl';
    switch (health.beat(task.id, ok, note)) {
      case 'taken':
        return taskRef(task);
      case 'no-task':
        throw new ApiProblem(409, 'task-without-check', `${clip(task.name)} has no check; ${remedy}`);
      case 'not-ttl':
        throw new ApiProblem(409, 'check-not-ttl', `${clip(task.name)} has no check of type ttl; ${remedy}`);
    }
  });
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

function taskRef({ id, name }: Task): TaskRefJson {
  return { id, name };
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
