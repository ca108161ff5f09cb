import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { ChangeSet } from '../../src/catalog/change.js';
import type { DrainTarget, HealthReport } from '../../src/catalog/health-overlay.js';
import type { FactDelta } from '../../src/catalog/facts.js';
import type { Task } from '../../src/catalog/model.js';
import { selectTasks } from '../../src/catalog/selection.js';
import { ref, taskFact } from '../support/facts.js';

const web = ref('web.shop');
const key = 'default/shop/web';
const refused = 'probe tcp 10.0.0.1:80: ECONNREFUSED ×3';

const report = (health: HealthReport['health'], cause = `probe said ${health}`): HealthReport => ({
  health,
  cause,
  run: 1,
});
const fact = (id: string, over: Parameters<typeof taskFact>[1] = {}) =>
  taskFact(id, { service: web, ip: `10.0.0.${id.charCodeAt(0)}`, startedAt: 1, ...over });

function shop(...ids: string[]) {
  let now = 1000;
  const catalog = new Catalog({ clock: () => now });
  const sink = catalog.sink('docker');
  sink.replace({ tasks: ids.map((id) => fact(id)) });
  const changes: ChangeSet[] = [];
  catalog.onChange((change) => changes.push(change));
  const seq = catalog.events().at(-1)?.seq ?? 0;
  return {
    catalog,
    sink,
    changes,
    at: (time: number) => void (now = time),
    health: (): string[] => [...catalog.snapshot.tasks()].map(({ id, health }) => `${id} ${health}`).sort(),
    served: (): string[] => {
      const service = catalog.snapshot.service(web);
      return service ? selectTasks(service).tasks.map(({ id }) => id) : [];
    },
    told: (): string[] =>
      catalog
        .events(seq)
        .map(({ type, subject, message, cause }) => `${type} ${subject}: ${message} [${cause ?? ''}]`),
  };
}

describe('reports of checks', () => {
  it('change the tasks they are about, in one change, and nothing else', () => {
    const { catalog, changes, served } = shop('a', 'b', 'c');
    const before = catalog.snapshot;
    catalog.reportHealth([
      { task: 'a', report: report('unhealthy', refused) },
      { task: 'b', report: report('healthy') },
    ]);
    expect(changes).toMatchObject([
      { source: 'health', tasks: { changed: ['a', 'b'] }, services: { changed: [key] }, meta: false },
    ]);
    expect(served()).toEqual(['b', 'c']);
    expect(catalog.snapshot.task('a')).toMatchObject({ health: 'unhealthy', reason: refused });
    expect(catalog.snapshot.task('c')).toBe(before.task('c'));
    expect(catalog.snapshot.tasksAt('10.0.0.97').map(({ id }) => id)).toEqual(['a']);
  });

  it('repeated, or withdrawn twice, make no snapshot', () => {
    const { catalog, changes } = shop('a');
    for (let time = 0; time < 2; time++) catalog.reportHealth([{ task: 'a', report: report('unhealthy') }]);
    for (let time = 0; time < 2; time++) catalog.reportHealth([{ task: 'a' }]);
    expect(changes).toHaveLength(2);
  });

  it('survive the facts of a source, and end with the task', () => {
    const { catalog, sink, health } = shop('a');
    catalog.reportHealth([{ task: 'a', report: report('unhealthy') }]);
    sink.update({ tasks: [fact('a', { weight: 3 })] });
    expect(health()).toEqual(['a unhealthy']);
    sink.update({ removedTasks: ['a'] });
    expect(catalog.reportOf('a')).toBeUndefined();
    sink.update({ tasks: [fact('a')] });
    expect(health()).toEqual(['a healthy']);
  });

  it('on an unknown task are dropped', () => {
    const { catalog } = shop('a');
    catalog.reportHealth([{ task: 'gone', report: report('unhealthy') }]);
    expect(catalog.exportHealth()).toEqual({ reports: {}, drains: [] });
  });

  it('appear in events with their causes', () => {
    const { catalog, told } = shop('a', 'b');
    catalog.reportHealth([
      { task: 'a', report: report('unhealthy', refused) },
      { task: 'b', report: report('initializing', 'not probed yet') },
    ]);
    catalog.reportHealth([{ task: 'b' }]);
    expect(told()).toEqual([
      `task.health a: healthy -> unhealthy [${refused}]`,
      'task.health b: healthy -> initializing [not probed yet]',
      'task.health b: initializing -> healthy []',
    ]);
  });
});

describe('the expected health of a task', () => {
  const initializing = () => report('initializing', 'not probed yet');

  it('applies to new tasks, not to served ones, until the first report', () => {
    const { catalog, sink, health, told } = shop('a');
    catalog.expectation = initializing;
    sink.update({ tasks: [fact('b')] });
    expect(health()).toEqual(['a healthy', 'b initializing']);
    catalog.reportHealth([{ task: 'b', report: initializing() }]);
    catalog.reportHealth([{ task: 'b', report: report('healthy') }]);
    expect(told()).toEqual([
      'task.added b: web.shop, initializing, 10.0.0.98 []',
      'task.health b: initializing -> healthy [probe said healthy]',
    ]);
  });

  it('ends with the check that caused it', () => {
    const { catalog, sink, health } = shop();
    catalog.expectation = initializing;
    sink.update({ tasks: [fact('a'), fact('b')] });
    catalog.reportHealth([{ task: 'b', report: report('unhealthy') }]);
    catalog.expectation = () => undefined;
    expect(health()).toEqual(['a healthy', 'b unhealthy']);
  });
});

describe('drains', () => {
  it('take a task, or a service with its future tasks, out of new traffic, and give it back', () => {
    const { catalog, sink, served } = shop('a', 'b');
    expect(catalog.drain({ task: 'a' }, { note: 'new disk' })).toBe(true);
    expect(served()).toEqual(['b']);
    expect(catalog.drain({ service: key })).toBe(true);
    sink.update({ tasks: [fact('c')] });
    expect(served()).toEqual([]);
    expect(catalog.undrain({ service: key })).toBe(true);
    expect(served()).toEqual(['b', 'c']);
    expect([catalog.undrain({ task: 'a' }), catalog.undrain({ task: 'a' })]).toEqual([true, false]);
    expect(served()).toEqual(['a', 'b', 'c']);
  });

  it.each<[string, DrainTarget]>([
    ['task', { task: 'nobody' }],
    ['service', { service: 'default/shop/nothing' }],
  ])('of an unknown %s are refused', (_what, target) => {
    const { catalog, changes } = shop('a');
    expect([catalog.drain(target), catalog.undrain(target)]).toEqual([false, false]);
    expect([catalog.drains, changes]).toEqual([[], []]);
  });

  it('end when their time is over', () => {
    const { catalog, health, changes } = shop('a', 'b');
    catalog.drain({ task: 'a' }, { until: 2000 });
    catalog.drain({ service: key }, { until: 3000 });
    const [first, second] = catalog.drains;
    catalog.endDrains([]);
    expect(changes).toHaveLength(2);
    catalog.endDrains(first ? [first] : []);
    expect(health()).toEqual(['a draining', 'b draining']);
    catalog.endDrains(second ? [second] : []);
    expect([health(), catalog.drains]).toEqual([['a healthy', 'b healthy'], []]);
  });

  it.each([NaN, Infinity, 1e300])('until %d have no end', (until) => {
    const { catalog } = shop('a');
    expect(catalog.drain({ task: 'a' }, { until })).toBe(true);
    expect(catalog.drains).toEqual([{ target: { task: 'a' }, at: 1000 }]);
  });

  it('are a change even if no task differs, so that they are saved', () => {
    const { catalog, sink, changes } = shop();
    sink.replace({ tasks: [fact('a', { health: 'stopped' })] });
    changes.length = 0;
    catalog.drain({ service: key });
    expect(changes).toMatchObject([{ source: 'operator', meta: true, tasks: { changed: [] } }]);
  });

  it('are reported with author, end and reason, and the health below reappears', () => {
    const { catalog, told } = shop('a');
    catalog.reportHealth([{ task: 'a', report: report('unhealthy', refused) }]);
    catalog.drain({ task: 'a' }, { until: 60_000, note: 'new disk' });
    catalog.undrain({ task: 'a' });
    catalog.drain({ service: key }, { until: 2000 });
    catalog.endDrains(catalog.drains);
    expect(told().slice(1)).toEqual([
      'task.health a: unhealthy -> draining [drained by an operator until 1970-01-01T00:01:00.000Z: new disk]',
      `task.health a: draining -> unhealthy (${refused}) [drain ended by an operator]`,
      'task.health a: unhealthy -> draining [drained with its service by an operator until 1970-01-01T00:00:02.000Z]',
      `task.health a: draining -> unhealthy (${refused}) [drain expired]`,
    ]);
  });
});

describe('level-triggered', () => {
  const ids = ['a', 'b', 'c'];
  const services = ['web.shop', 'db.shop'];
  type Act = (catalog: Catalog) => void;

  const anyReport = fc.record({
    health: fc.constantFrom<HealthReport['health']>('healthy', 'unhealthy', 'initializing', 'reinitializing'),
    cause: fc.constantFrom('x', 'y'),
    run: fc.constantFrom(1, 2),
  });
  const anyTarget: fc.Arbitrary<DrainTarget> = fc.oneof(
    fc.record({ task: fc.constantFrom(...ids) }),
    fc.record({ service: fc.constantFrom('default/shop/web', 'default/shop/db') }),
  );
  const anyDelta: fc.Arbitrary<FactDelta> = fc.record({
    tasks: fc.uniqueArray(
      fc
        .record({
          id: fc.constantFrom(...ids),
          service: fc.constantFrom(...services),
          health: fc.constantFrom<Task['health']>('healthy', 'unhealthy', 'draining', 'stopped'),
          healthFrom: fc.constantFrom(undefined, 'check' as const),
          startedAt: fc.constantFrom(1, 2),
        })
        .map(({ id, service, healthFrom, ...rest }) =>
          taskFact(id, { ...rest, service: ref(service), ...(healthFrom && { healthFrom }) }),
        ),
      { selector: (task) => task.id, maxLength: 2 },
    ),
    removedTasks: fc.uniqueArray(fc.constantFrom(...ids), { maxLength: 1 }),
  });
  const anyAct: fc.Arbitrary<Act> = fc.oneof(
    fc.tuple(fc.constantFrom(...ids), fc.option(anyReport, { nil: undefined })).map(
      ([task, said]): Act =>
        (catalog) =>
          catalog.reportHealth([{ task, ...(said && { report: said }) }]),
    ),
    anyTarget.map(
      (target): Act =>
        (catalog) =>
          void catalog.drain(target),
    ),
    anyTarget.map(
      (target): Act =>
        (catalog) =>
          void catalog.undrain(target),
    ),
  );

  const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1);

  it('ends with the same tasks in whatever order sources, checks and operators report', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(anyDelta, anyAct), { maxLength: 16 }), (steps) => {
        const stepwise = new Catalog({ clock: () => 0 });
        const sink = stepwise.sink('docker');
        sink.status({ state: 'live' });
        for (const step of steps) {
          if (typeof step === 'function') step(stepwise);
          else sink.update(step);
        }
        const told = stepwise.exportFacts().get('docker')?.facts.tasks ?? [];
        const atOnce = new Catalog({ clock: () => 0 });
        atOnce.restoreHealth(stepwise.exportHealth());
        atOnce.sink('docker').replace({ tasks: told });
        const shown = [...stepwise.snapshot.tasks()].sort(byId);
        expect([...atOnce.snapshot.tasks()].sort(byId)).toEqual(shown);
        const inServices = [...stepwise.snapshot.services()].flatMap(({ tasks }) => tasks);
        for (const task of inServices) expect(stepwise.snapshot.task(task.id)).toBe(task);
        const stopped = (tasks: readonly Pick<Task, 'id' | 'health'>[]) =>
          tasks.filter(({ health }) => health === 'stopped').map(({ id }) => id);
        expect(stopped(shown)).toEqual(stopped([...told].sort(byId)));
      }),
    );
  });
});
