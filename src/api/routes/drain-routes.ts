import type { FastifyInstance } from 'fastify';
import type { DrainMark, DrainTarget } from '../../catalog/health-overlay.js';
import { serviceKey, serviceName, type Task } from '../../catalog/model.js';
import { Body } from '../body.js';
import { askedService, findService, type ServiceParams } from '../find-service.js';
import { findTask } from '../find-task.js';
import { drainJson, nameOfTarget, timestamp } from '../json.js';
import { clip, Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import { errorMessage } from '../../net/error-message.js';
import type { DrainJson, DrainListJson } from '../types/resources.js';

const OF_TASK = '/v1/tasks/:id/drain';
const OF_SERVICE = '/v1/services/:stack/:service/drain';

/** Drains by operators: of one task, or of all tasks of a service. */
export function drainRoutes(app: FastifyInstance, { catalog, daemon, health, clock }: ApiPorts): void {
  /** The answer waits until the operator's change is on disk. */
  const saved = async (what: string): Promise<void> => {
    try {
      await health.drainsSaved();
    } catch (error) {
      throw new ApiProblem(
        500,
        'state-not-written',
        `${what}, but a restart would forget it: ${errorMessage(error)}`,
      );
    }
  };

  const drain = async (target: DrainTarget, body: Body): Promise<DrainJson> => {
    const time = body.duration('for');
    const note = body.note('note');
    const at = clock();
    const options = {
      ...(time === undefined ? {} : { until: at + time }),
      ...(note === undefined ? {} : { note }),
    };
    const { snapshot } = catalog;
    if (health.drain(target, options)) {
      await saved('the drain is active');
      return drainJson({ target, at, ...options }, snapshot);
    }
    // The task went away in the meantime.
    const name = clip(nameOfTarget(target, snapshot));
    throw 'task' in target
      ? new ApiProblem(404, 'task-not-found', `${name} is gone; "fairlead tasks" lists the tasks`)
      : new ApiProblem(404, 'service-not-found', `${name} is gone; "fairlead services" lists the services`);
  };

  /** @returns the drain that was ended; undefined if there was none */
  const undrain = async (target: DrainTarget): Promise<DrainJson | undefined> => {
    const mark = health.drains().find((each) => sameTarget(each.target, target));
    if (mark === undefined || !health.undrain(target)) return undefined;
    await saved('the drain was ended');
    return drainJson(mark, catalog.snapshot);
  };

  app.get('/v1/drains', (request): DrainListJson => {
    new Params(request.query, []);
    const { snapshot } = catalog;
    const drains = health.drains().map((mark) => drainJson(mark, snapshot));
    return { now: timestamp(clock()), drains };
  });

  app.put<{ Params: { id: string } }>(OF_TASK, (request): Promise<DrainJson> => {
    new Params(request.query, []);
    const body = new Body(request.body, ['for', 'note']);
    return drain({ task: findTask(catalog.snapshot, request.params.id).id }, body);
  });

  app.delete<{ Params: { id: string } }>(OF_TASK, async (request): Promise<DrainJson> => {
    new Params(request.query, []);
    const { id } = request.params;
    // With the whole id, the drain of a task that is gone can be ended too.
    const known = await undrain({ task: id });
    if (known) return known;
    const task = findTask(catalog.snapshot, id);
    const found = await undrain({ task: task.id });
    if (found) return found;
    throw new ApiProblem(404, 'drain-not-found', whyNotDrained(task, health.drains()));
  });

  app.put<{ Params: ServiceParams }>(OF_SERVICE, (request): Promise<DrainJson> => {
    const ref = askedService(request, daemon.identity().environment);
    const body = new Body(request.body, ['for', 'note']);
    const { kind, key } = findService(catalog.snapshot, ref);
    if (kind !== 'tasks') {
      const detail = `${clip(serviceName(ref))} is ${kind} and has no tasks to drain; drain its targets instead`;
      throw new ApiProblem(409, 'service-without-tasks', detail);
    }
    return drain({ service: key }, body);
  });

  app.delete<{ Params: ServiceParams }>(OF_SERVICE, async (request): Promise<DrainJson> => {
    const ref = askedService(request, daemon.identity().environment);
    const found = await undrain({ service: serviceKey(ref) });
    if (found) return found;
    findService(catalog.snapshot, ref);
    const detail = `${clip(serviceName(ref))} is not drained; "fairlead drain" lists the drains`;
    throw new ApiProblem(404, 'drain-not-found', detail);
  });
}

function whyNotDrained({ name, service, health, reason }: Task, drains: readonly DrainMark[]): string {
  const key = service && serviceKey(service);
  if (service && drains.some(({ target }) => 'service' in target && target.service === key)) {
    const whole = clip(serviceName(service));
    return `${clip(name)} is drained with its service; run "fairlead undrain ${whole}"`;
  }
  if (health === 'draining') {
    const why = reason === undefined ? '' : ` (${clip(reason)})`;
    return `${clip(name)} is draining by itself${why}, not by an operator; this cannot be undone`;
  }
  return `${clip(name)} is not drained; "fairlead drain" lists the drains`;
}

function sameTarget(a: DrainTarget, b: DrainTarget): boolean {
  if ('task' in a) return 'task' in b && a.task === b.task;
  return 'service' in b && a.service === b.service;
}
