import { mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import { silentLog } from '../../src/net/log.js';
import { StateFile } from '../../src/state/state-file.js';
import { StateKeeper } from '../../src/state/state-keeper.js';
import { ref, taskFact } from '../support/facts.js';

let ground: string;
let keepers: StateKeeper[];

beforeEach(() => {
  ground = mkdtempSync(join(tmpdir(), 'fairlead-keeper-'));
  keepers = [];
});
afterEach(async () => {
  await Promise.all(keepers.map((keeper) => keeper.stop()));
  rmSync(ground, { recursive: true });
});

async function started(catalog: Catalog, directory = join(ground, 'state')): Promise<StateKeeper> {
  const keeper = new StateKeeper(catalog, silentLog);
  keepers.push(keeper);
  await keeper.prepare({ config: { state: directory } });
  await keeper.start();
  return keeper;
}

/** The Docker source has found one task. */
function speak(catalog: Catalog): void {
  const sink = catalog.sink('docker');
  sink.replace({ tasks: [web('a')] });
  sink.status({ state: 'live' });
}

const web = (id: string) => taskFact(id, { service: ref('web.shop'), ip: '10.0.0.1' });
const saved = (file = join(ground, 'state', 'catalog.json')) => readFile(file, 'utf8');
const until = (check: () => unknown) => vi.waitFor(check, { interval: 20 });

describe('the state directory', () => {
  it('contains the first sync, without a change after it', async () => {
    const catalog = new Catalog();
    await started(catalog);
    speak(catalog);
    await until(async () => expect(await saved()).toContain('"id":"a"'));
  });

  it('has the checks of labels, secrets included, for its owner alone', async () => {
    const catalog = new Catalog();
    await started(catalog);
    const labels = { 'fairlead.health.http.headers': 'Authorization: Basic czNjcmV0' };
    const sink = catalog.sink('docker');
    sink.replace({ tasks: [taskFact('a', { service: ref('web.shop'), labels })] });
    sink.status({ state: 'live' });
    await until(async () => expect(await saved()).toContain('Basic czNjcmV0'));
    expect(statSync(join(ground, 'state', 'catalog.json')).mode & 0o777).toBe(0o600);
  });

  it('keeps the age of facts that no source has confirmed since they were saved', async () => {
    await new StateFile(join(ground, 'state')).save({
      sources: new Map([
        ['docker', { asOf: 5000, facts: { tasks: [web('a')], services: [], networks: [], clients: [] } }],
      ]),
    });
    const catalog = new Catalog();
    const keeper = await started(catalog);
    catalog.sink('docker', keeper.saved.sources.get('docker'));
    catalog.sink('file').replace({ tasks: [web('b')] });
    await keeper.stop();
    expect(JSON.parse(await saved())).toMatchObject({ sources: { docker: { asOf: 5000 } } });
    expect(catalog.snapshot.sources[0]).toMatchObject({ name: 'docker', state: 'stale', asOf: 5000 });
  });

  it('is not overwritten before the sources have restored their saved facts', async () => {
    await new StateFile(join(ground, 'state')).save({
      sources: new Map([
        ['docker', { asOf: 5000, facts: { tasks: [web('a')], services: [], networks: [], clients: [] } }],
      ]),
    });
    const catalog = new Catalog();
    const keeper = await started(catalog);
    catalog.configure({ endpointMode: 'vip', balancing: {}, vips: 'none' });
    await keeper.stop();
    expect(await saved()).toContain('"id":"a"');
  });

  it('contains a drain before it is acknowledged', async () => {
    const catalog = new Catalog();
    const keeper = await started(catalog);
    speak(catalog);
    catalog.drain({ task: 'a' });
    await keeper.saveDrains();
    const file = new StateFile(join(ground, 'state'));
    expect((await file.load()).state.health?.drains).toMatchObject([{ target: { task: 'a' } }]);
  });

  it('is retried when it cannot be written, which is a problem until then', async () => {
    writeFileSync(join(ground, 'in-the-way'), '');
    const catalog = new Catalog();
    const keeper = await started(catalog, join(ground, 'in-the-way', 'state'));
    speak(catalog);
    await until(() => expect(keeper.status().failures).toBeGreaterThan(0));
    expect(keeper.problems()).toEqual([
      {
        code: 'state-not-written',
        subject: `state directory ${join(ground, 'in-the-way', 'state')}`,
        message: expect.stringMatching(
          /cannot be written .*; a restart would forget what changed$/,
        ) as string,
      },
    ]);
    await expect(keeper.saveDrains()).rejects.toThrow('cannot be written');
    renameSync(join(ground, 'in-the-way'), join(ground, 'moved'));
    await until(() => expect(keeper.problems()).toEqual([]));
    expect(await saved(join(ground, 'in-the-way', 'state', 'catalog.json'))).toContain('"id":"a"');
  });

  it('changes with a reload, and the old one is then free for others', async () => {
    const catalog = new Catalog();
    const keeper = await started(catalog);
    speak(catalog);
    await keeper.prepare({ config: { state: join(ground, 'other') } });
    await keeper.reload();
    expect(await saved(join(ground, 'other', 'catalog.json'))).toContain('"id":"a"');
    await started(new Catalog());
  });
});
