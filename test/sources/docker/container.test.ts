import { describe, expect, it } from 'vitest';
import { hasDrifted, readInspection, readListed } from '../../../src/sources/docker/container.js';
import { container, id, onBridge, run } from './inspection.js';

describe('answers of any shape', () => {
  it.each([
    ...[undefined, null, 7, 'text', [], {}, { Id: id }, { Id: '', State: run }, { Id: 7, State: run }],
    ...[{ Id: id, State: [] }, Buffer.from('{"Id')],
  ])('not a container: %j', (json) => {
    expect(readInspection(json)).toBeUndefined();
  });

  it('parts of an unexpected shape count as missing', () => {
    const odd = {
      ...rubbish('Config', 'HostConfig', 'NetworkSettings'),
      Id: id,
      Name: 7,
      State: { Running: true, Health: [] },
    };
    const read = readInspection(odd);
    expect(read).toMatchObject({
      name: 'cccccccccccc',
      phase: 'running',
      attachments: [],
      ports: [],
      labels: {},
      stopSignal: 15,
    });
    const deeper = container({
      ...{ config: { Labels: ['x'], Env: [7, 'SERVICE_NAME'], StopSignal: 'SIGNOPE', StopTimeout: 'x' } },
      ...{
        settings: {
          Networks: { a: null, b: { IPAddress: 7 } },
          Ports: { '80/tcp': [null, { HostPort: '99999' }] },
        },
      },
    });
    expect(deeper).toMatchObject({
      labels: {},
      env: {},
      stopSignal: 15,
      stopTimeout: 10_000,
      ports: [{ port: 80, published: [] }],
    });
    expect(deeper.attachments.flatMap(({ ips }) => ips)).toEqual([]);
  });
});

it('has the image that its name stood for, the time it was made, and how often it was started again', () => {
  const top = {
    Image: `sha256:${'a'.repeat(64)}`,
    Created: '2026-01-02T03:04:05.123456789Z',
    RestartCount: 3,
  };
  expect(container({ top })).toMatchObject({
    image: 'nginx:1.27',
    imageId: `sha256:${'a'.repeat(64)}`,
    createdAt: Date.UTC(2026, 0, 2, 3, 4, 5, 123),
    restarts: 3,
  });
  const odd = container({ top: { Image: 7, Created: 'soon', RestartCount: '3' } });
  for (const key of ['imageId', 'createdAt', 'restarts']) expect(odd).not.toHaveProperty(key);
  const listed = readListed({ Id: id, State: 'running', Image: 'nginx', ImageID: 'sha256:bb' });
  expect(listed).toMatchObject({ image: 'nginx', imageId: 'sha256:bb' });
});

function rubbish(...keys: string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, 'rubbish']));
}

describe('a list entry', () => {
  const entry = {
    ...{
      Id: id,
      Names: ['/web/db', '/shop_web_1'],
      Image: 'nginx',
      Labels: { a: 'b' },
      State: 'running',
      Status: 'Up 2 hours',
    },
    ...{ Ports: [], HostConfig: { NetworkMode: 'default' }, NetworkSettings: { Networks: onBridge } },
  };

  it.each<[string, object, object, boolean]>([
    ['nothing', {}, {}, false],
    ['name', { Names: ['/other'] }, {}, true],
    ['state', { State: 'exited', Status: 'Exited (0) 1 second ago' }, {}, true],
    ['health in the text', { Status: 'Up 2 hours (unhealthy)' }, {}, true],
    ['health in a field', { Health: { Status: 'starting' } }, {}, true],
    [
      'same health',
      { Status: 'Up 1 second (health: starting)' },
      { state: { Health: { Status: 'starting' } } },
      false,
    ],
    [
      'pause hides health',
      { State: 'paused', Status: 'Up (Paused)' },
      { state: { Paused: true, Health: { Status: 'healthy' } } },
      false,
    ],
    [
      'address',
      { NetworkSettings: { Networks: { bridge: { ...onBridge.bridge, IPAddress: '172.17.0.3' } } } },
      {},
      true,
    ],
    [
      'reconnect under one address',
      { NetworkSettings: { Networks: { bridge: { ...onBridge.bridge, EndpointID: 'e9' } } } },
      {},
      true,
    ],
    [
      'published port',
      { Ports: [{ PrivatePort: 80, Type: 'tcp', IP: '0.0.0.0', PublicPort: 8080 }] },
      {},
      true,
    ],
    [
      'exposed port',
      { Ports: [{ PrivatePort: 80, Type: 'tcp' }] },
      { config: { ExposedPorts: { '80/tcp': {} } } },
      false,
    ],
  ])('shows drift by: %s', (_what, listed, inspected, expected) => {
    const read = readListed({ ...entry, ...listed });
    expect(read && hasDrifted(container(inspected), read)).toBe(expected);
  });

  it.each([
    ['created', 'Created', 'created, not started'],
    ['exited', 'Exited (137) 3 minutes ago', 'exited with code 137'],
    ['restarting', 'Restarting (1) 2 seconds ago', 'restarting'],
    ['dead', 'Dead', 'dead'],
    ['removing', 'Removal In Progress', 'exited'],
  ])('of a stopped container says why: %s', (State, Status, end) => {
    const read = readListed({ ...entry, State, Status });
    expect(read).toMatchObject({ phase: 'stopped', end, attachments: [], name: 'shop_web_1' });
  });

  it.each([undefined, null, 'x', [], {}, { Id: 7 }])('may be anything: %j', (json) => {
    expect(readListed(json)).toBeUndefined();
    expect(readListed({ Id: id, ...rubbish('Names', 'Labels', 'Ports', 'NetworkSettings') })).toMatchObject({
      phase: 'stopped',
    });
  });
});

describe('the last result of a HEALTHCHECK', () => {
  const run = { Start: '2026-01-02T03:04:05.1Z', End: '2026-01-02T03:04:05.35Z' };
  const at = Date.parse('2026-01-02T03:04:05.35Z');
  const read = (...Log: readonly unknown[]) =>
    container({ state: { Health: { Status: 'healthy', Log } } }).selfCheck;

  it.each([
    [
      { ...run, ExitCode: 0, Output: ' ok\n' },
      { ok: true, detail: 'exit code 0: ok', at, took: 250 },
    ],
    [
      { ...run, ExitCode: 1, Output: '' },
      { ok: false, detail: 'exit code 1', at, took: 250 },
    ],
    [
      { ...run, ExitCode: -1, Output: 'killed' },
      { ok: false, detail: 'timeout: killed', at, took: 250 },
    ],
    [
      { ...run, ExitCode: 0, Output: 'a\u001b[31m\u2028b' },
      { ok: true, detail: 'exit code 0: a [31m b', at, took: 250 },
    ],
    [
      { ...run, ExitCode: 1, Output: 'GET http://me:pw@db/ with Authorization: Bearer abcdefgh failed' },
      { ok: false, detail: 'exit code 1: GET http://***@db/ with Authorization: ***', at, took: 250 },
    ],
  ])('%j', (last, expected) => {
    expect(read({ ...run, ExitCode: 3, Output: 'before' }, last)).toEqual(expected);
  });

  it('is cut where it is long, and may be anything', () => {
    expect(read({ ...run, ExitCode: 1, Output: 'x'.repeat(4096) })?.detail.length).toBe(120);
    for (const rubbish of [[], [null], ['x'], [{}], [{ ExitCode: 'x', End: 7 }]])
      expect(read(...rubbish)).toBeUndefined();
  });
});
