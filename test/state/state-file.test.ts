import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { StateFile } from '../../src/state/state-file.js';
import { ref, taskFact } from '../support/facts.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-state-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('the state file', () => {
  it('restores the sources’ facts as stale, with their age', async () => {
    const first = new Catalog({ clock: () => 5000 });
    const sink = first.sink('docker');
    sink.replace({
      tasks: [
        taskFact('a', {
          service: ref('web.shop'),
          ip: '10.0.0.1',
          ports: [{ port: 80, protocol: 'tcp', target: 80 }],
        }),
      ],
      services: [{ ...ref('crm.shop'), kind: 'external', hostname: 'crm.example.org' }],
      networks: [
        {
          id: 'n',
          name: 'n',
          driver: 'bridge',
          internal: false,
          subnets: ['10.0.0.0/24'],
          gateways: ['10.0.0.254'],
        },
      ],
      clients: [{ address: '127.0.0.21', environment: 'default', stack: 'shop', links: {} }],
    });
    sink.status({ state: 'live' });
    await new StateFile(directory).save({ sources: first.exportFacts() });
    expect(await readdir(directory)).toEqual(['catalog.json']);

    const saved = (await new StateFile(directory).load()).state.sources.get('docker');
    const second = new Catalog({ clock: () => 9000 });
    second.sink('docker', saved);
    expect(second.snapshot.service(ref('web.shop'))).toEqual(first.snapshot.service(ref('web.shop')));
    expect(second.snapshot.service(ref('crm.shop'))?.hostname).toBe('crm.example.org');
    expect(second.snapshot.sources).toMatchObject([{ name: 'docker', state: 'stale', asOf: 5000 }]);
    expect(second.snapshot.loaded).toBe(true);
  });

  it('restores every one of many', async () => {
    const catalog = new Catalog();
    const ids = Array.from({ length: 1234 }, (_, at) => `task "${at}"`);
    catalog.sink('empty').replace({ tasks: [] });
    const sink = catalog.sink('docker');
    sink.replace({ tasks: ids.map((id) => taskFact(id, { service: ref('web.shop') })) });
    sink.status({ state: 'live' });
    await new StateFile(directory).save({ sources: catalog.exportFacts(), vips: [] });
    const { sources, vips } = (await new StateFile(directory).load()).state;
    expect(sources.get('docker')?.facts.tasks.map(({ id }) => id)).toEqual(ids);
    expect(vips).toEqual([]);
  });

  it('keeps the restored facts and their age while the source says that it has none yet', () => {
    const catalog = new Catalog();
    const restored = { facts: { tasks: [taskFact('a', { service: ref('web.shop') })] }, asOf: 5000 };
    catalog.sink('docker', restored).status({ state: 'loading', error: 'no engine answers' });
    expect(catalog.snapshot.sources).toEqual([
      { name: 'docker', state: 'stale', asOf: 5000, error: 'no engine answers' },
    ]);
    expect(catalog.snapshot).toMatchObject({ loaded: true, taskCount: 1 });
  });

  it('restores health and drains, so that a restart changes no task', async () => {
    const first = new Catalog({ clock: () => 5000 });
    const tasks = ['a', 'b', 'c'].map((id) => taskFact(id, { service: ref('web.shop'), startedAt: 7 }));
    const sink = first.sink('docker');
    sink.replace({ tasks });
    sink.status({ state: 'live' });
    first.reportHealth([
      { task: 'a', report: { health: 'unhealthy', cause: 'probe tcp 10.0.0.7:80: ECONNREFUSED ×3', run: 7 } },
      { task: 'b', report: { health: 'healthy', cause: 'probe tcp 10.0.0.8:80: connected ×2', run: 7 } },
    ]);
    first.drain({ task: 'c' }, { until: 60_000, note: 'new disk' });
    first.drain({ service: 'default/shop/web' });
    first.undrain({ service: 'default/shop/web' });
    await new StateFile(directory).save({ sources: first.exportFacts(), health: first.exportHealth() });

    const { sources, health } = (await new StateFile(directory).load()).state;
    const second = new Catalog({ clock: () => 9000 });
    if (health) second.restoreHealth(health);
    second.sink('docker', sources.get('docker'));
    expect([...second.snapshot.tasks()]).toEqual([...first.snapshot.tasks()]);
    expect([...second.snapshot.tasks()].map((task) => task.health).sort()).toEqual([
      'draining',
      'healthy',
      'unhealthy',
    ]);
    expect(second.reportOf('b')).toEqual(first.reportOf('b'));
    expect(second.drains).toEqual(first.drains);
  });

  it('restores the leases of virtual IPs, and the balancing settings of tasks and services', async () => {
    const settings = {
      endpointMode: 'vip',
      balancing: {},
      vips: { pool: '10.43.0.0/24', release: 1000 },
    } as const;
    const first = new Catalog({ clock: () => 5000 });
    first.configure(settings);
    const sink = first.sink('docker');
    sink.replace({
      tasks: [
        taskFact('a', {
          service: ref('web.shop'),
          ports: [{ port: 80, protocol: 'tcp', target: 80 }],
          balancing: { scheduler: 'lc', maxConnections: 7 },
          vip: '10.43.0.9',
        }),
      ],
      services: [
        {
          ...ref('db.shop'),
          kind: 'tasks',
          ports: [{ port: 5432, protocol: 'tcp' }],
          balancing: { onDown: 'reset', acceptProxy: true, panicThreshold: 0.2 },
        },
      ],
    });
    sink.status({ state: 'live' });
    sink.update({ tasks: [taskFact('gone', { service: ref('gone.shop'), vip: '10.43.0.10' })] });
    sink.update({ removedTasks: ['gone'] });
    await new StateFile(directory).save({ sources: first.exportFacts(), vips: first.exportVips() });

    const { sources, vips } = (await new StateFile(directory).load()).state;
    expect(vips).toContainEqual({ service: 'default/shop/gone', vip: '10.43.0.10', goneAt: 5000 });
    const second = new Catalog({ clock: () => 5500 });
    second.configure(settings);
    second.restoreVips(vips ?? []);
    second.sink('docker', sources.get('docker'));
    expect([...second.snapshot.services()]).toEqual([...first.snapshot.services()]);
    expect(second.exportVips()).toEqual(expect.arrayContaining([...(vips ?? [])]));
  });

  it('of a version without health still loads', async () => {
    const file = new StateFile(directory);
    await writeFile(file.path, '{"version":1,"sources":{}}');
    expect(await file.load()).toEqual({ state: { sources: new Map() }, faults: [] });
  });

  it('of version 1, which wrote every task whole, still loads', async () => {
    const tasks = ['a', 'b'].map((id) => taskFact(id, { service: ref('web.shop') }));
    const facts = { tasks, services: [], networks: [], clients: [] };
    const file = new StateFile(directory);
    await writeFile(file.path, JSON.stringify({ version: 1, sources: { docker: { asOf: 7, facts } } }));
    const { state, faults } = await file.load();
    expect(faults).toEqual([]);
    expect(state.sources).toEqual(new Map([['docker', { asOf: 7, facts }]]));
  });

  it('does not save a source that never reported', () => {
    const catalog = new Catalog();
    catalog.sink('docker');
    expect(catalog.exportFacts().size).toBe(0);
  });

  it('is empty if there is none', async () => {
    expect(await new StateFile(join(directory, 'absent')).load()).toEqual({
      state: { sources: new Map() },
      faults: [],
    });
  });

  it.each([
    ['cut short', '{"version":1,"sources":{"docker":{"asOf":1,"fac'],
    ['of another version', '{"version":3,"sources":{}}'],
    [
      'of another shape',
      '{"version":1,"sources":{"docker":{"asOf":1,"facts":{"tasks":[{"id":7}],"services":[],"networks":[],"clients":[]}}}}',
    ],
    [
      'of unknown health',
      '{"version":1,"health":{"reports":{"a":{"health":"fine","cause":""}},"drains":[]},"sources":{}}',
    ],
    [
      'of a task that differs from nothing',
      '{"version":2,"sources":{"docker":{"asOf":1,"facts":{"tasks":[{"id":"a"}],"services":[],"networks":[],"clients":[]}}}}',
    ],
    ['of leases that are none', '{"version":1,"vips":[{"service":"a"}],"sources":{}}'],
    [
      'of an unknown scheduler',
      '{"version":1,"sources":{"file":{"asOf":1,"facts":{"tasks":[],"services":[{"environment":"e","stack":"s","service":"w","kind":"tasks","balancing":{"scheduler":"x"}}],"networks":[],"clients":[]}}}}',
    ],
    [
      'of a time beyond the calendar',
      '{"version":1,"health":{"reports":{},"drains":[{"target":{"task":"a"},"at":0,"until":1e300}]},"sources":{}}',
    ],
  ])('is kept aside, and reported in one line, when it is %s', async (_what, content) => {
    const file = new StateFile(directory);
    await writeFile(file.path, content);
    const { state, faults } = await file.load();
    expect(state).toEqual({ sources: new Map() });
    expect(faults.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^[^\n]*catalog\.json: the saved state cannot be used \([^\n]+\); [^\n]*kept as [^\n]*catalog\.json\.unusable$/,
      ),
    ]);
    await file.save({ sources: new Map() });
    expect(await readFile(`${file.path}.unusable`, 'utf8')).toBe(content);
  });

  it('says so when a newer version wrote it', async () => {
    const file = new StateFile(directory);
    await writeFile(file.path, '{"version":7,"catalog":[]}');
    expect(String((await file.load()).faults[0])).toContain('(another version of Fairlead wrote it)');
  });

  it('keeps drains in a separate file, which takes precedence', async () => {
    const file = new StateFile(directory);
    const mark = { target: { task: 'a' }, at: 7 };
    await file.save({ sources: new Map(), health: { reports: {}, drains: [mark] } });
    await file.saveDrains([]);
    expect((await file.load()).state.health?.drains).toEqual([]);
    await rm(join(directory, 'drains.json'));
    expect((await file.load()).state.health?.drains).toEqual([mark]);
  });

  it('removes leftovers of killed processes, and nothing else', async () => {
    const file = new StateFile(directory);
    for (const name of ['catalog.json.123.tmp', 'drains.json.9.tmp', 'catalog.json.tmp', 'other.json.1.tmp'])
      await writeFile(join(directory, name), '');
    await file.load();
    expect((await readdir(directory)).sort()).toEqual(['catalog.json.tmp', 'other.json.1.tmp']);
  });
});
