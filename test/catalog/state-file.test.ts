import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Catalog, StateFile } from '../../src/catalog/index.js';
import { ref, taskFact } from '../support/facts.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-state-'));
});
afterEach(() => rm(directory, { recursive: true }));

describe('the state file', () => {
  it('brings back what the sources had told, as stale facts with their age', async () => {
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
    await new StateFile(directory).save(first.exportFacts());
    expect(await readdir(directory)).toEqual(['catalog.json']);

    const saved = (await new StateFile(directory).load()).get('docker');
    const second = new Catalog({ clock: () => 9000 });
    second.sink('docker', saved);
    expect(second.snapshot.service(ref('web.shop'))).toEqual(first.snapshot.service(ref('web.shop')));
    expect(second.snapshot.service(ref('crm.shop'))?.hostname).toBe('crm.example.org');
    expect(second.snapshot.sources).toMatchObject([{ name: 'docker', state: 'stale', asOf: 5000 }]);
    expect(second.snapshot.loaded).toBe(true);
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

  it('does not save a source that never spoke', () => {
    const catalog = new Catalog();
    catalog.sink('docker');
    expect(catalog.exportFacts().size).toBe(0);
  });

  it('is empty where there is none', async () => {
    expect((await new StateFile(join(directory, 'absent')).load()).size).toBe(0);
  });

  it.each([
    ['cut short', '{"version":1,"sources":{"docker":{"asOf":1,"fac'],
    ['of another version', '{"version":2,"sources":{}}'],
    [
      'of another shape',
      '{"version":1,"sources":{"docker":{"asOf":1,"facts":{"tasks":[{"id":7}],"services":[],"networks":[],"clients":[]}}}}',
    ],
  ])('is refused in one line when it is %s', async (_what, content) => {
    const file = new StateFile(directory);
    await writeFile(file.path, content);
    await expect(file.load()).rejects.toThrow(
      /^[^\n]*catalog\.json: is no saved state \([^\n]+\); starting without it[^\n]*$/,
    );
  });
});
