import type { FastifyInstance } from 'fastify';
import { healthCounts, sourceJson, timestamp } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts, HealthPort } from '../ports.js';
import { problemsOf } from '../problems.js';
import type { ProblemListJson, StatusJson } from '../types/resources.js';

/** `/v1/status`: the daemon at a glance. `/v1/problems`: what sources could not use, and what cannot be served. */
export function statusRoutes(
  app: FastifyInstance,
  ports: ApiPorts,
  listening: () => readonly string[],
): void {
  app.get('/v1/status', (request) => {
    new Params(request.query, []);
    return statusJson(ports, listening());
  });

  app.get('/v1/problems', (request): ProblemListJson => {
    new Params(request.query, []);
    const { revision } = ports.catalog.snapshot;
    return { revision, problems: problemsOf(ports) };
  });
}

function statusJson(ports: ApiPorts, listen: readonly string[]): StatusJson {
  const { catalog, daemon, health, vips, adoption, clock } = ports;
  const { snapshot } = catalog;
  const { startedAt, config, publishers, state, restart, ...rest } = daemon.status();
  const { loadedAt, reload, ...file } = config;
  return {
    ...rest,
    startedAt: timestamp(startedAt),
    now: timestamp(clock()),
    config: {
      ...file,
      loadedAt: timestamp(loadedAt),
      ...(reload === undefined ? {} : { reload: { ...reload, at: timestamp(reload.at) } }),
    },
    ...(restart === undefined ? {} : { restart: { ...restart, at: timestamp(restart.at) } }),
    state: {
      directory: state.directory,
      ...(state.writtenAt === undefined ? {} : { writtenAt: timestamp(state.writtenAt) }),
      failures: state.failures,
      ...(state.error === undefined ? {} : { error: state.error }),
    },
    api: { listen },
    catalog: {
      revision: snapshot.revision,
      at: timestamp(snapshot.at),
      loaded: snapshot.loaded,
      services: snapshot.serviceCount,
      tasks: snapshot.taskCount,
      health: healthCounts(snapshot.tasks()),
    },
    checks: checkCounts(health),
    drains: health.drains().length,
    vips: vips.status(),
    adoption: adoption.status(),
    sources: snapshot.sources.map(sourceJson),
    publishers: publishers.map(sourceJson),
    problems: problemsOf(ports),
  };
}

function checkCounts(port: HealthPort): StatusJson['checks'] {
  let tasks = 0;
  let failing = 0;
  for (const { health, count } of port.counts().tasks) {
    tasks += count;
    if (health === 'unhealthy') failing += count;
  }
  return { tasks, failing };
}
