import { ApiProblem } from '../problem.js';
import type { ApiPorts, HealthPort, NameService, QueriesPort } from '../ports.js';
import type { AdoptionStatusJson } from '../types/adoption.js';
import type { ViewJson } from '../types/query-json.js';
import { isInScope, isWhole, placeOfKey, type Scope } from './access-scope.js';
import { ScopedCatalog } from './scoped-catalog.js';

/** What a limited token does not lead to looks as if it were not there. */
const NOT_HERE = 'nothing within the limits of the token has this name';

/**
 * The daemon as a client with a limited token sees it. Routes and streams are made of these ports, so none of them can
 * show more. The figures of the daemon as a whole stay as they are.
 * @returns the ports, and what ends them
 */
export function scopedPorts(
  ports: ApiPorts,
  scope: Scope,
): { readonly ports: ApiPorts; readonly close: () => void } {
  if (isWhole(scope)) return { ports, close: () => undefined };
  const catalog = new ScopedCatalog(ports.catalog, scope);
  const scoped: ApiPorts = {
    ...ports,
    catalog,
    names: scopedNames(ports, catalog),
    daemon: {
      identity: () => ports.daemon.identity(),
      status: () => ports.daemon.status(),
      requestReload: () => ports.daemon.requestReload(),
      requestRestart: () => ports.daemon.requestRestart(),
      problems: () => [],
      unanswered: () => ports.daemon.unanswered(),
    },
    health: scopedHealth(ports.health, catalog),
    vips: {
      status: () => ports.vips.status(),
      problems: () => [],
      services: async () =>
        [...(await ports.vips.services())].filter(({ service }) => isInScope(scope, placeOfKey(service))),
    },
    adoption: scopedAdoption(ports, catalog),
    templates: { list: () => [], program: () => undefined },
    queries: scopedQueries(ports.queries, catalog),
    history: {
      read: (wanted) =>
        ports.history.read({ ...wanted, fits: (of) => isInScope(scope, of) && wanted.fits(of) }),
    },
  };
  return { ports: scoped, close: () => catalog.close() };
}

/** An answer is shown if it leads nowhere but to tasks of the scope, or out of the domain. */
function scopedNames({ names, catalog: base }: ApiPorts, catalog: ScopedCatalog): NameService {
  const isOther = (as: string | undefined): boolean =>
    as !== undefined && base.snapshot.tasksAt(as).length > 0 && catalog.snapshot.tasksAt(as).length === 0;
  const viewOf = (view: ViewJson, as: string | undefined): ViewJson =>
    as === undefined ? { environment: view.environment, networks: 'all' } : view;
  const nothing = { view: { environment: '', networks: 'all' as const }, rule: NOT_HERE };
  const explained: NameService['explain'] = async (name, type, as) => {
    const found = isOther(as) ? undefined : await names.explain(name, type, as);
    const isSeen =
      found &&
      found.tasks.length > 0 &&
      found.tasks.every(({ id }) => catalog.snapshot.task(id) !== undefined);
    if (isSeen) return { ...found, view: viewOf(found.view, as) };
    return { name, type, ...nothing, steps: [], rcode: 'NXDOMAIN', tasks: [], answers: [] };
  };
  return {
    explain: explained,
    query: async (name, type, as) => {
      const found = isOther(as) ? undefined : await names.query(name, type, as);
      if (!found) return { ...nothing, source: 'none', ms: 0 };
      const isSeen = found.source === 'upstream' || (await explained(name, type, as)).tasks.length > 0;
      return isSeen ? { ...found, view: viewOf(found.view, as) } : { ...nothing, source: 'none', ms: 0 };
    },
  };
}

function scopedHealth(health: HealthPort, catalog: ScopedCatalog): HealthPort {
  const has: (target: Parameters<HealthPort['undrain']>[0]) => boolean = (target) =>
    'task' in target
      ? catalog.snapshot.task(target.task) !== undefined
      : catalog.snapshot.serviceByKey(target.service) !== undefined;
  return {
    rows: () => [...health.rows()].filter(({ task }) => has({ task })),
    counts: () => health.counts(),
    beat: (task, ok, note) => (has({ task }) ? health.beat(task, ok, note) : 'no-task'),
    checkNow: (task) => has({ task }) && health.checkNow(task),
    drain: (target, options) => has(target) && health.drain(target, options),
    undrain: (target) => has(target) && health.undrain(target),
    drainsSaved: () => health.drainsSaved(),
    drains: () => health.drains().filter(({ target }) => has(target)),
  };
}

function scopedAdoption({ adoption }: ApiPorts, catalog: ScopedCatalog): ApiPorts['adoption'] {
  const own = () => adoption.containers().filter(({ id }) => catalog.snapshot.task(id) !== undefined);
  return {
    containers: own,
    status: (): AdoptionStatusJson => {
      const left: Record<string, number> = {};
      let adopted = 0;
      for (const each of own()) {
        const { code = '' } = each;
        if (each.adopted) adopted += 1;
        else left[code] = (left[code] ?? 0) + 1;
      }
      return { adopted, left, problems: [] };
    },
    choose: (choice, stack) => {
      const mine = own().filter((each) => each.stack === stack);
      const all = adoption.containers().filter((each) => each.stack === stack);
      // A choice also holds for containers that come later, so it is for those who see the whole stack.
      if (stack !== undefined && mine.length > 0 && mine.length === all.length)
        return adoption.choose(choice, stack);
      const detail = 'the token is limited to environments or stacks; name a stack that is within them';
      throw new ApiProblem(403, 'scope-too-small', detail);
    },
  };
}

/** Queries that tasks of the scope ask. */
function scopedQueries(queries: QueriesPort, catalog: ScopedCatalog): QueriesPort {
  return {
    follow: (follower) =>
      queries.follow(({ oneOf, missed, queries: seen }) => {
        const own = seen.filter(
          ({ client }) => client !== undefined && catalog.snapshot.tasksAt(client).length > 0,
        );
        follower({ oneOf, missed, queries: own });
      }),
  };
}
