import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectByDockerode, negotiateApi } from '../../../src/sources/docker/dockerode-port.js';
import type { DockerPort } from '../../../src/sources/docker/port.js';
import { FakeEngine, faults } from './fake-engine.js';

let folder: string;
let engine: FakeEngine;
const ports: DockerPort[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fairlead-port-'));
  engine = new FakeEngine(join(folder, 'docker.sock'));
  await engine.up();
});

afterEach(async () => {
  vi.unstubAllEnvs();
  for (const port of ports.splice(0)) port.close();
  await engine.down();
  rmSync(folder, { recursive: true });
});

/** @param call how long a call may take, in ms; by default longer than any machine is busy */
async function connect(call = 600_000): Promise<DockerPort> {
  const limits = { connect: 600_000, call };
  const port = await connectByDockerode(engine.socket, limits, new AbortController().signal);
  ports.push(port);
  return port;
}

describe('the API version', () => {
  it.each([
    ['1.41', '1.41'],
    ['1.44', '1.44'],
    ['1.47', '1.47'],
    ['1.56', '1.47'],
  ])('of an engine at %s is %s', (offered, pinned) => {
    expect(negotiateApi(offered)).toBe(pinned);
  });

  it.each([undefined, '', '2.0', '1.x', '1.40', '1.12'])('%j is refused', (offered) => {
    expect(() => negotiateApi(offered)).toThrow(/older than 1\.41|no API version/);
  });
});

describe('dockerode', () => {
  it('uses the socket, whatever the Docker client’s variables say', async () => {
    vi.stubEnv('DOCKER_HOST', 'tcp://192.0.2.1:2375');
    vi.stubEnv('DOCKER_CLIENT_TIMEOUT', '1');
    const port = await connect();
    expect([port.apiVersion, port.engineVersion]).toEqual(['1.41', '20.10.24']);
    await expect(port.listContainers()).resolves.toEqual([]);
  });

  it('requests the events that change facts, but no exec_*', async () => {
    const port = await connect();
    const stream = await port.events(1700000000.9);
    stream.destroy();
    expect(engine.query.get('since')).toBe('1700000000');
    const filters = JSON.parse(engine.query.get('filters') ?? '') as { type: string[]; event: string[] };
    expect(filters.type).toEqual(['container', 'network']);
    // health_status makes the engine match all of them as prefixes.
    const passes = (action: string) => filters.event.some((prefix) => action.startsWith(prefix));
    expect(['start', 'kill', 'health_status: healthy', 'disconnect'].filter(passes)).toHaveLength(4);
    expect(['exec_create: x', 'exec_start: x', 'exec_die', 'attach', 'top', 'resize'].filter(passes)).toEqual(
      [],
    );
  });

  it.each([
    ['hang', /no answer within 0.2 s/, undefined],
    ['hangAfterHeaders', /no answer within 0.2 s/, undefined],
    ['cut', /no answer within 0.2 s/, undefined],
    ['garbage', /the answer is not JSON/, undefined],
    ['serverError', /the engine answered 500: layer does not exist/, 500],
    ['notThere', /the engine answered 404: No such container/, 404],
  ] as const)('every call ends: %s', async (fault, message, status) => {
    const port = await connect(String(message).includes('no answer') ? 200 : undefined);
    engine.faults.set('/containers/', faults[fault]);
    engine.faults.set('/networks/', faults[fault]);
    const calls = [port.inspectContainer('c1'), port.inspectNetwork('n1'), port.listContainers()];
    const error = {
      name: 'DockerError',
      message: expect.stringMatching(message) as string,
      status,
    };
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(error)));
  });

  it('says why an engine cannot be reached', async () => {
    const port = await connect();
    await engine.down();
    await expect(port.ping()).rejects.toMatchObject({ code: expect.stringMatching(/^E/) as string });
    await expect(connect()).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('ends pending calls, and refuses new ones, when it is closed', async () => {
    const port = await connect();
    engine.faults.set('/containers/', faults.hang);
    const call = port.inspectContainer('c1');
    port.close();
    await expect(call).rejects.toThrow('the connection was closed');
    await expect(port.ping()).rejects.toThrow('the connection was closed');
  });
});
