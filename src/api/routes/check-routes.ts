import type { FastifyInstance } from 'fastify';
import type { Task } from '../../catalog/model.js';
import { Body } from '../body.js';
import { checkList } from '../check-list.js';
import { findTask } from '../find-task.js';
import { jsonListStream } from '../json-stream.js';
import { timestamp } from '../json.js';
import { clip, Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import { TASK_FILTERS, taskFilter } from '../task-filter.js';
import type { TaskRefJson } from '../types/resources.js';

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
    const checks = checkList(
      { snapshot, health },
      (task, own) => (only === undefined || task.id === only) && fits(task, own),
    );
    const head = { revision: snapshot.revision, now: timestamp(clock()) };
    return reply.type('application/json; charset=utf-8').send(jsonListStream(head, 'checks', checks));
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

function taskRef({ id, name }: Task): TaskRefJson {
  return { id, name };
}
