import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { ref, taskFact } from '../support/facts.js';

const web = ref('web.shop');
const here = { id: 'host-1', name: 'alpha' };
const there = { id: 'host-2', name: 'beta' };

/** An engine of host-1 and a registry that repeats what hosts told it. */
function world() {
  const catalog = new Catalog({ clock: () => 1000 });
  const engine = catalog.sink('docker', undefined, { node: here.id });
  const registry = catalog.sink('consul');
  return { catalog, engine, registry };
}

const seen = (id: string) => taskFact(id, { service: web, ip: '172.17.0.2', network: 'bridge', node: here });
const heard = (id: string, node = here) => taskFact(id, { service: web, ip: '192.0.2.1', node });

function ids(catalog: Catalog): string[] {
  return (catalog.snapshot.service(web)?.tasks ?? []).map(({ id, source }) => `${id} ${source}`);
}

describe('a container that the engine and a registry report', () => {
  it('is one task: exactly as the engine of its host sees it', () => {
    const { catalog, engine, registry } = world();
    registry.replace({ tasks: [heard('a'), heard('b', there)] });
    engine.replace({ tasks: [seen('a')] });
    engine.status({ state: 'live' });
    expect(ids(catalog)).toEqual(['a docker', 'b consul']);
    expect(catalog.snapshot.task('a')).toMatchObject({ node: here, endpoints: [{ ip: '172.17.0.2' }] });
    expect(catalog.snapshot.tasksAt('192.0.2.1').map(({ id }) => id)).toEqual(['b']);
  });

  it('is gone when its engine no longer has it, although the registry still lists it', () => {
    const { catalog, engine, registry } = world();
    engine.replace({ tasks: [seen('a')] });
    engine.status({ state: 'live' });
    registry.replace({ tasks: [heard('a'), heard('b', there)] });
    engine.update({ removedTasks: ['a'] });
    expect(ids(catalog)).toEqual(['b consul']);
    registry.update({ tasks: [{ ...heard('a'), weight: 2 }] });
    expect(ids(catalog)).toEqual(['b consul']);
  });

  it('stays as the engine sees it when the registry forgets it', () => {
    const { catalog, engine, registry } = world();
    engine.replace({ tasks: [seen('a')] });
    engine.status({ state: 'live' });
    registry.replace({ tasks: [heard('a')] });
    registry.update({ removedTasks: ['a'] });
    expect(ids(catalog)).toEqual(['a docker']);
  });

  it('is as the registry says until the engine has reported for the first time', () => {
    const { catalog, engine, registry } = world();
    registry.replace({ tasks: [heard('a'), heard('ghost')] });
    expect(ids(catalog)).toEqual(['a consul', 'ghost consul']);
    engine.replace({ tasks: [seen('a')] });
    engine.status({ state: 'live' });
    expect(ids(catalog)).toEqual(['a docker']);
  });

  it('is as the engine last said while the engine is away, in this process or in the one before', () => {
    const { catalog, engine, registry } = world();
    engine.replace({ tasks: [seen('a')] });
    engine.status({ state: 'live' });
    engine.status({ state: 'stale', asOf: 1000, error: 'away' });
    registry.replace({ tasks: [heard('a'), heard('ghost')] });
    expect(ids(catalog)).toEqual(['a docker']);
    const next = new Catalog({ clock: () => 2000 });
    next.sink('consul').replace({ tasks: [heard('a'), heard('ghost')] });
    next.sink('docker', catalog.exportFacts().get('docker'), { node: here.id });
    expect(ids(next)).toEqual(['a docker']);
  });

  it('is as the registry says once the engine is no longer a source', () => {
    const { catalog, engine, registry } = world();
    engine.replace({ tasks: [seen('a')] });
    engine.status({ state: 'live' });
    registry.replace({ tasks: [heard('a'), heard('ghost')] });
    catalog.dropSource('docker');
    expect(ids(catalog)).toEqual(['a consul', 'ghost consul']);
  });

  it('belongs to any engine of its host: both engines count before a registry is doubted', () => {
    const { catalog, engine, registry } = world();
    const second = catalog.sink('docker:second', undefined, { node: here.id });
    engine.status({ state: 'live' });
    registry.replace({ tasks: [heard('a')] });
    expect(ids(catalog)).toEqual(['a consul']);
    second.status({ state: 'live' });
    expect(ids(catalog)).toEqual([]);
    second.update({ tasks: [seen('a')] });
    expect(ids(catalog)).toEqual(['a docker:second']);
  });

  it('keeps its node in the state directory', () => {
    const { catalog, engine } = world();
    engine.replace({ tasks: [seen('a')] });
    engine.status({ state: 'live' });
    expect(catalog.exportFacts().get('docker')?.facts.tasks[0]?.node).toEqual(here);
  });
});
