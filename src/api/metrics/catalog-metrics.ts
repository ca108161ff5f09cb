import { type Problem, type SourceState, type SourceStatus, HEALTHS } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { counter, gauge, type Readings } from './exposition.js';
import { serviceLabels, type Survey } from './survey.js';

/** The catalog and its sources. */
export const catalogMetrics = {
  fairlead_catalog_loaded: gauge('Whether every source has reported its facts.'),
  fairlead_catalog_revision: gauge('Revision of the catalog; it grows with each change.'),
  fairlead_services: gauge('Services.'),
  fairlead_tasks: gauge('Tasks by health.', 'health'),
  fairlead_services_in_panic: gauge(
    'Services with so many unhealthy tasks that the checks are distrusted and all running tasks are served.',
  ),
  fairlead_service_panic: gauge(
    '1 for each service in panic; other services have no sample.',
    'service',
    'environment',
  ),
  fairlead_service_tasks: gauge(
    'Tasks by health, for services with a running task that is not healthy; other services have no sample.',
    'service',
    'environment',
    'health',
  ),
  fairlead_drains: gauge('Active drains set by operators.'),
  fairlead_problems: gauge(
    'Facts that sources could not use, and addresses and names that cannot be served.',
    'code',
  ),
  fairlead_source_state: gauge(
    '1 for the current state of a source, 0 for the other states.',
    'source',
    'state',
  ),
  fairlead_source_last_good_timestamp_seconds: gauge(
    'Time at which the facts of a source were last known to be true, since the epoch; the current time for a live source.',
    'source',
  ),
  fairlead_source_last_event_timestamp_seconds: gauge(
    'Time at which a source last reported a change of its own accord, since the epoch.',
    'source',
  ),
  fairlead_source_failures_total: counter(
    'Attempts of a source that failed; a connection that was lost is one.',
    'source',
  ),
};

const STATES: readonly SourceState[] = ['loading', 'live', 'stale'];

export interface CatalogFigures {
  readonly snapshot: Snapshot;
  readonly survey: Survey;
  /** Attempts that failed, by source. */
  readonly sourceFailures: Readonly<Record<string, number>>;
  /** When each last reported a change, by source; milliseconds since the epoch. */
  readonly sourceEvents: Readonly<Record<string, number>>;
  readonly problems: readonly Problem[];
  readonly drains: number;
  /** The daemon's own environment. */
  readonly environment: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export function readCatalog(figures: CatalogFigures): Readings<typeof catalogMetrics> {
  const { snapshot, survey, sourceFailures, sourceEvents, problems, drains, environment, now } = figures;
  const inPanic = survey.odd.filter(({ panic }) => panic);
  const codes = new Map<string, number>();
  for (const { code } of problems) codes.set(code, (codes.get(code) ?? 0) + 1);
  return {
    fairlead_catalog_loaded: [[snapshot.loaded ? 1 : 0]],
    fairlead_catalog_revision: [[snapshot.revision]],
    fairlead_services: [[snapshot.serviceCount]],
    fairlead_tasks: HEALTHS.map((health) => [survey.health[health], health]),
    fairlead_services_in_panic: [[inPanic.length]],
    fairlead_service_panic: inPanic.map(({ service }) => [1, ...serviceLabels(service, environment)]),
    fairlead_service_tasks: serviceTasks(survey, environment),
    fairlead_drains: [[drains]],
    fairlead_problems: [...codes].map(([code, count]) => [count, code]),
    fairlead_source_state: statesOf(snapshot.sources),
    fairlead_source_last_good_timestamp_seconds: lastGoodOf(snapshot.sources, now),
    fairlead_source_last_event_timestamp_seconds: snapshot.sources.flatMap(({ name }) => {
      const at = sourceEvents[name];
      return at === undefined ? [] : [[at / 1000, name] as const];
    }),
    fairlead_source_failures_total: snapshot.sources.map(({ name }) => [sourceFailures[name] ?? 0, name]),
  };
}

type Current = Pick<SourceStatus, 'name' | 'state' | 'asOf'>;

export function statesOf(all: readonly Current[]): [number, string, string][] {
  return all.flatMap(({ name, state }) =>
    STATES.map((each): [number, string, string] => [each === state ? 1 : 0, name, each]),
  );
}

/** @param now what is live is right as of now; milliseconds since the epoch */
export function lastGoodOf(all: readonly Current[], now: number): [number, string][] {
  return all.flatMap(({ name, state, asOf }): [number, string][] => {
    const at = state === 'live' ? now : asOf;
    return at === undefined ? [] : [[at / 1000, name]];
  });
}

/** A service has a line for each health that it has tasks of, and for `healthy` in any case. */
function* serviceTasks({ odd }: Survey, environment: string): Generator<[number, string, string, string]> {
  for (const { service, health } of odd) {
    for (const each of HEALTHS) {
      if (health[each] > 0 || each === 'healthy')
        yield [health[each], ...serviceLabels(service, environment), each];
    }
  }
}
