import type { FastifyInstance } from 'fastify';
import type { Health, Task } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { findTask } from '../find-task.js';
import { jsonListStream } from '../json-stream.js';
import { taskJson } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { sortedTasks } from '../sorted.js';
import type { TaskJson } from '../types.js';

const HEALTHS: readonly Health[] = [
  'initializing',
  'healthy',
  'unhealthy',
  'reinitializing',
  'draining',
  'stopped',
];

interface Filter {
  readonly environment: string | undefined;
  readonly stack: string | undefined;
  readonly service: string | undefined;
  readonly health: Health | undefined;
}

export function taskRoutes(app: FastifyInstance, { catalog }: ApiPorts): void {
  app.get('/v1/tasks', (request, reply) => {
    const params = new Params(request.query, ['environment', 'stack', 'service', 'health']);
    const filter = {
      environment: params.text('environment'),
      stack: params.text('stack'),
      service: params.text('service'),
      health: params.oneOf('health', HEALTHS),
    };
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

function* listed(snapshot: Snapshot, filter: Filter): Generator<TaskJson> {
  const fits = (task: Task) =>
    (filter.environment === undefined || task.environment === filter.environment) &&
    (filter.stack === undefined || (task.service?.stack ?? task.stack) === filter.stack) &&
    (filter.service === undefined || task.service?.service === filter.service) &&
    (filter.health === undefined || task.health === filter.health);
  for (const task of sortedTasks(snapshot)) if (fits(task)) yield taskJson(task, snapshot);
}
