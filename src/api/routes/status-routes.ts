import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { VipFigures } from '../../net/vip-figures.js';
import { sumTimes, type TimesMs } from '../../runtime/time-histogram.js';
import { healthCounts, sourceJson, timestamp } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts, HealthPort, VipPort } from '../ports.js';
import { problemsOf } from '../problems.js';
import { templateStates } from '../template-states.js';
import type { Timestamp } from '../types/references.js';
import type { ProblemListJson } from '../types/resources.js';
import type { StatusJson } from '../types/status-json.js';

/** `/v1/status`: the daemon at a glance. `/v1/problems`: facts that could not be used, and what cannot be served. */
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

/** `GET /v1/status`. @param listen the addresses of the API */
export async function statusJson(ports: ApiPorts, listen: readonly string[]): Promise<StatusJson> {
  const { catalog, daemon, health, vips, templates, adoption, clock } = ports;
  const { carried, connects } = await carriedBy(vips);
  const { snapshot } = catalog;
  const { startedAt, config, sourceFailures, sourceEvents, publishers, state, restart, ...rest } =
    daemon.status();
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
    vips: { ...vips.status(), carried, ...(connects && { connects }) },
    templates: templateStates(templates.list()),
    adoption: adoption.status(),
    sources: snapshot.sources.map((source) => ({
      ...sourceJson(source),
      failures: sourceFailures[source.name] ?? 0,
      ...dated('lastEventAt', sourceEvents[source.name]),
    })),
    publishers: publishers.map((publisher) => ({
      ...sourceJson(publisher),
      failures: publisher.failures,
    })),
    problems: problemsOf(ports),
  };
}

function dated<Key extends string>(key: Key, ms: number | undefined): Partial<Record<Key, Timestamp>> {
  return ms === undefined ? {} : ({ [key]: timestamp(ms) } as Record<Key, Timestamp>);
}

function checkCounts(port: HealthPort): StatusJson['checks'] {
  const { tasks: counted, ...probes } = port.counts();
  let tasks = 0;
  let failing = 0;
  for (const { health, count } of counted) {
    tasks += count;
    if (health === 'unhealthy') failing += count;
  }
  return { tasks, failing, ...probes };
}

interface Carried {
  readonly carried: VipFigures;
  readonly connects: TimesMs | undefined;
}

async function carriedBy(vips: VipPort): Promise<Carried> {
  const sum = { ...NOTHING };
  let connects: TimesMs | undefined;
  let ports = 0;
  for (const port of await vips.services()) {
    for (const figure of FIGURES) sum[figure] += port[figure] ?? 0;
    connects = sumTimes([connects, port.connects]);
    if (++ports % PORTS_A_TURN === 0) await nextTurn();
  }
  return { carried: sum, connects };
}

const NOTHING = { active: 0, total: 0, bytesIn: 0, bytesOut: 0, refused: 0, failed: 0, retried: 0 };
const FIGURES = Object.keys(NOTHING) as (keyof typeof NOTHING)[];
/** How many ports are looked at before others get a turn. */
const PORTS_A_TURN = 500;
