import type { FastifyInstance } from 'fastify';
import type { Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { findTask } from '../find-task.js';
import { jsonListStream } from '../json-stream.js';
import { taskJson } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { sortedTasks } from '../sorted.js';
import { TASK_FILTERS, taskFilter } from '../task-filter.js';
import type { TaskJson } from '../types/resources.js';

export function taskRoutes(app: FastifyInstance, { catalog }: ApiPorts): void {
  app.get('/v1/tasks', (request, reply) => {
    const filter = taskFilter(new Params(request.query, TASK_FILTERS));
    const { snapshot } = catalog;
    return reply
      .type('application/json; charset=utf-8')
      .send(jsonListStream({ revision: snapshot.revision }, 'tasks', listed(snapshot, filter)));
  });

  app.get<{ Params: { id: string } }>('/v1/tasks/:id', (request): TaskJson => {
    new Params(request.query, []);
    const { snapshot } = catalog;
    return taskJson(findTask(snapshot, request.params.id), snapshot);
  });
}

function* listed(snapshot: Snapshot, fits: (task: Task) => boolean): Generator<TaskJson> {
  for (const task of sortedTasks(snapshot)) if (fits(task)) yield taskJson(task, snapshot);
}
