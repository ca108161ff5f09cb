import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Adopter, type AdopterSettings, type EngineSettings } from '../../src/adoption/adopter.js';
import type { ProbeResult } from '../../src/adoption/reach-probe.js';
import { Catalog } from '../../src/catalog/catalog.js';
import type { FactSink, TaskFact } from '../../src/catalog/facts.js';
import type { ContainerResolver } from '../../src/catalog/model.js';
import { recordedLog } from '../support/recorded-log.js';

const stub = 'nameserver 127.0.0.11\noptions ndots:0\n';
const network = {
  ...{ id: 'n1', name: 'shop_default', driver: 'bridge', internal: false },
  ...{ subnets: ['10.0.1.0/24'], gateways: ['10.0.1.1'] },
};

let folder = '';
let catalog: Catalog;
let sink: FactSink;
let adopter: Adopter;
let log: ReturnType<typeof recordedLog>;
/** What a probe from each namespace finds. */
let found: Map<string, ProbeResult>;

const reached: ProbeResult = { kind: 'reached', listener: '169.254.169.250', from: '10.0.1.2' };
const blocked: ProbeResult = { kind: 'blocked', why: 'a firewall may drop it', from: '10.0.1.2' };

const settings = (over: Partial<EngineSettings>): AdopterSettings => ({
  engines: new Map([['docker', { mode: 'all', releaseOnStop: false, ...over }]]),
  ...{ domain: 'rancher.internal', listeners: [{ ip: '169.254.169.250', port: 53 }] },
  state: join(folder, 'state'),
});

const create = (over: Partial<EngineSettings> = {}) =>
  new Adopter(
    {
      ...{ catalog, log, probeEvery: 3_600_000 },
      probe: ([namespace = '']) =>
        Promise.resolve(found.get(namespace) ?? { kind: 'impossible', why: 'no such namespace' }),
    },
    settings(over),
  );

const pathOf = (name: string) => join(folder, name, 'resolv.conf');
const textOf = (name: string) => readFileSync(pathOf(name), 'utf8');
const isOurs = (name: string) => textOf(name).includes('\nnameserver 169.254.169.250\n');
const untilOurs = (name: string) => vi.waitFor(() => expect(isOurs(name)).toBe(true));
const untilDockers = (name: string, text = stub) => vi.waitFor(() => expect(textOf(name)).toBe(text));
const write = (name: string, text: string) => writeFileSync(pathOf(name), text);

function task(
  name: string,
  over: Partial<TaskFact> = {},
  resolver: Partial<ContainerResolver> = {},
): TaskFact {
  return {
    ...{ id: name, name, names: [name], environment: 'default', stack: 'shop', health: 'healthy' },
    service: { environment: 'default', stack: 'shop', service: name },
    endpoints: [{ network: 'n1', ip: '10.0.1.2' }],
    ...{ ports: [], labels: {}, links: {}, weight: 1, expose: false },
    resolver: {
      ...{ path: pathOf(name), servers: [], namespace: 'own', isMounted: false },
      ...{ namespaces: [name], isRunning: true },
      ...resolver,
    },
    ...over,
  };
}

function container(name: string, text = stub): void {
  mkdirSync(join(folder, name));
  write(name, text);
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-adoption-'));
  catalog = new Catalog();
  sink = catalog.sink('docker');
  sink.replace({ tasks: [], networks: [network] });
  log = recordedLog();
  found = new Map();
  adopter = create();
});

afterEach(() => {
  adopter.stop();
  rmSync(folder, { recursive: true });
});

describe('a running container', () => {
  it('is adopted at once, in the same file, when a probe from it has reached a listener', async () => {
    container('web');
    const { ino } = statSync(pathOf('web'));
    found.set('web', reached);
    sink.update({ tasks: [task('web')] });
    adopter.start();
    await untilOurs('web');
    expect(statSync(pathOf('web')).ino).toBe(ino);
    expect(textOf('web')).toContain(
      'search shop.rancher.internal web.shop.rancher.internal rancher.internal\n',
    );
  });

  it('is left alone behind a firewall, and adopted when that opens', async () => {
    container('web');
    found.set('web', blocked);
    sink.update({ tasks: [task('web')] });
    adopter.start();
    await vi.waitFor(() =>
      expect(adopter.states()[0]).toMatchObject({ code: 'unreachable', adopted: false }),
    );
    expect(textOf('web')).toBe(stub);
    found.set('web', reached);
    await adopter.probe();
    await untilOurs('web');
  });

  it('is released when the listener can no longer be reached, as are the containers beside it', async () => {
    for (const name of ['web', 'api']) {
      container(name);
      found.set(name, reached);
    }
    sink.update({ tasks: [task('web'), task('api')] });
    adopter.start();
    await untilOurs('web');
    await untilOurs('api');
    found.set('web', blocked).set('api', blocked);
    await adopter.probe();
    await untilDockers('web');
    await untilDockers('api');
    expect(log.lines.join('\n')).toContain("given back to Docker's resolver");
  });

  it('is not touched when no probe can be made', async () => {
    container('web');
    sink.update({ tasks: [task('web')] });
    adopter.start();
    await vi.waitFor(() => expect(adopter.states()[0]?.why).toContain('no such namespace'));
    expect(textOf('web')).toBe(stub);
  });

  it('is adopted in mode auto once one of its queries has come through Docker’s resolver', async () => {
    container('web');
    adopter = create({ mode: 'auto' });
    sink.update({ tasks: [task('web')] });
    adopter.start();
    expect(adopter.states()[0]?.code).toBe('not-wanted');
    adopter.heard('10.0.1.2');
    await untilOurs('web');
  });

  it('keeps our text whatever the container writes, until it keeps rewriting the file', async () => {
    container('web');
    found.set('web', reached);
    sink.update({ tasks: [task('web')] });
    adopter.start();
    await untilOurs('web');
    for (let count = 1; count <= 5; count++) {
      write('web', `nameserver 192.0.2.${count}\n`);
      await untilOurs('web');
    }
    write('web', 'nameserver 192.0.2.99\n');
    await vi.waitFor(() => expect(adopter.states()[0]?.code).toBe('contested'));
    expect(textOf('web')).toBe('nameserver 192.0.2.99\n');
  });

  it('reports a missing file when the folder is not mounted', async () => {
    found.set('web', reached);
    sink.update({ tasks: [task('web')] });
    adopter.start();
    await vi.waitFor(() => expect(adopter.states()[0]).toMatchObject({ adopted: false, code: 'unwritable' }));
    expect(adopter.states()[0]?.why).toContain('mount the folder');
    container('web');
    await adopter.probe();
    sink.update({ tasks: [task('web', { weight: 2 })] });
    await untilOurs('web');
  });

  it('is left alone when its file was edited by hand', async () => {
    container('web', 'nameserver 192.0.2.7\n');
    found.set('web', reached);
    sink.update({ tasks: [task('web')] });
    adopter.start();
    await vi.waitFor(() => expect(adopter.states()[0]?.code).toBe('edited'));
    expect(textOf('web')).toBe('nameserver 192.0.2.7\n');
  });
});

describe('a starting container', () => {
  const starting = (name: string) =>
    task(name, { health: 'initializing' }, { isRunning: false, namespaces: [] });

  it('is adopted as soon as the engine has finally written its file', async () => {
    container('old');
    container('web', '');
    found.set('old', reached);
    sink.update({ tasks: [task('old')] });
    adopter.start();
    await untilOurs('old');
    sink.update({ tasks: [task('web', { health: 'stopped', endpoints: [] }, { isRunning: false })] });
    write('web', 'nameserver 192.0.2.53\n');
    sink.update({ tasks: [starting('web')] });
    expect(textOf('web')).toBe('nameserver 192.0.2.53\n');
    write('web', stub);
    await untilOurs('web');
  });

  it('is adopted again after a restart, and a release restores what Docker wrote then', async () => {
    container('web');
    found.set('web', reached);
    sink.update({ tasks: [task('web')] });
    adopter.start();
    await untilOurs('web');
    sink.update({ tasks: [task('web', { health: 'stopped', endpoints: [] }, { isRunning: false })] });
    const next = 'nameserver 127.0.0.11\nsearch new.example\n';
    write('web', next);
    sink.update({ tasks: [starting('web')] });
    await untilOurs('web');
    adopter.choose('release');
    sink.update({ tasks: [task('web')] });
    await untilDockers('web', next);
  });
});

describe('operators', () => {
  it('adopt one stack and release everything, byte for byte, also across a restart of Fairlead', async () => {
    const text = 'nameserver 127.0.0.11\n# no newline at the end';
    container('web', text);
    container('other');
    found.set('web', reached).set('other', reached);
    adopter = create({ mode: 'auto' });
    sink.update({ tasks: [task('web'), task('other', { stack: 'other' })] });
    adopter.start();
    adopter.choose('adopt', 'shop');
    await untilOurs('web');
    expect(textOf('other')).toBe(stub);
    adopter.stop();
    expect(isOurs('web')).toBe(true);
    adopter = create({ mode: 'auto' });
    adopter.start();
    await vi.waitFor(() =>
      expect(adopter.states().find(({ task: { name } }) => name === 'web')?.adopted).toBe(true),
    );
    adopter.choose('release');
    await untilDockers('web', text);
    adopter.stop();
    adopter = create({ mode: 'all' });
    adopter.start();
    expect(adopter.states().map(({ code }) => code)).toEqual(['released', 'released']);
  });

  it('get everything handed back by a clean stop if that is configured', async () => {
    container('web');
    found.set('web', reached);
    adopter = create({ releaseOnStop: true });
    sink.update({ tasks: [task('web')] });
    adopter.start();
    await untilOurs('web');
    adopter.stop();
    expect(textOf('web')).toBe(stub);
  });
});
