import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { connectByDockerode } from '../../../src/sources/docker/dockerode-port.js';
import { EngineExec, killInContainer } from '../../../src/sources/docker/container-exec.js';
import type { DockerPort } from '../../../src/sources/docker/port.js';
import type { Program } from './fake-exec.js';
import { faults } from './fake-engine.js';
import { useHarness } from './harness.js';

const harness = useHarness();
const ports: DockerPort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

const options = (over: { readonly signal?: AbortSignal; readonly maxOutput?: number } = {}) => ({
  env: { SERVICE_IP: '172.17.0.2', SERVICE_PORT: '80' },
  maxOutput: 4096,
  signal: new AbortController().signal,
  ...over,
});

/**
 * A container, and the adapter on the real client. Killing is what the fake engine makes of it.
 * @param call how long the engine may take to answer, in ms; by default longer than any machine is busy
 */
async function prepared(
  program: Program = {},
  kill: (pid: number, container: string) => void = (pid) => harness.engine.execs.kill(pid),
  call = 600_000,
) {
  const { engine } = harness;
  engine.execs.program = program;
  const exec = new EngineExec(kill);
  const signal = new AbortController().signal;
  const port = await connectByDockerode(engine.socket, { connect: 600_000, call }, signal);
  ports.push(port);
  exec.use(port);
  return { engine, exec, id: engine.model.run('web'), port };
}

describe('a program in a container', () => {
  it('runs as it is written, with its variables, and reports how it ended', async () => {
    const { engine, exec, id } = await prepared({
      writes: [
        [1, 'checking\n'],
        [2, 'no disk\n'],
      ],
      exitCode: 3,
    });
    await expect(exec.exec(id, ['/app/check', '--fast $X'], options())).resolves.toEqual({
      exitCode: 3,
      output: 'checking\nno disk\n',
    });
    expect(engine.execs.all).toMatchObject([
      {
        container: id,
        argv: ['/app/check', '--fast $X'],
        env: ['SERVICE_IP=172.17.0.2', 'SERVICE_PORT=80'],
      },
    ]);
  });

  it.each([1, 3, 7, 8, 9, 64])('is understood when its output arrives in pieces of %d', async (chunkSize) => {
    const writes: Program['writes'] = [
      [1, 'ä'.repeat(20)],
      [2, ''],
      [1, 'end'],
    ];
    const { exec, id } = await prepared({ writes, chunkSize });
    await expect(exec.exec(id, ['x'], options())).resolves.toEqual({
      exitCode: 0,
      output: `${'ä'.repeat(20)}end`,
    });
  });

  it('is read to its end, and the beginning is kept', async () => {
    const { exec, id } = await prepared({
      writes: [
        [1, 'begin'],
        [1, 'x'.repeat(3_000_000)],
      ],
      exitCode: 1,
    });
    await expect(exec.exec(id, ['x'], options({ maxOutput: 8 }))).resolves.toEqual({
      exitCode: 1,
      output: 'beginxxx',
    });
  });

  it('is still waited for after its output has ended', async () => {
    const { exec, id } = await prepared({ looks: 3, exitCode: 2 });
    await expect(exec.exec(id, ['x'], options())).resolves.toEqual({ exitCode: 2, output: '' });
  });

  it('leaves nothing open', async () => {
    const { exec, id } = await prepared();
    const { signal } = new AbortController();
    let listeners = 0;
    const counted = Object.assign(signal, {
      addEventListener: (...args: Parameters<AbortSignal['addEventListener']>) => {
        listeners += 1;
        AbortSignal.prototype.addEventListener.apply(signal, args);
      },
      removeEventListener: (...args: Parameters<AbortSignal['removeEventListener']>) => {
        listeners -= 1;
        AbortSignal.prototype.removeEventListener.apply(signal, args);
      },
    });
    await exec.exec(id, ['x'], options({ signal: counted }));
    expect(listeners).toBe(0);
  });
});

describe('a program that cannot be run', () => {
  it.each([
    ['there is no such container', () => '7'.repeat(64), /answered 404: No such container/],
    ['it is no container', () => 'file:shop/web/web-1', /it is not a container of the Docker engine/],
    [
      'the container is paused',
      (id: string) => {
        harness.engine.model.pause(id);
        return id;
      },
      /answered 409: Container \w+/,
    ],
  ])('says why: %s', async (_what, prepare, message) => {
    const { exec, id } = await prepared();
    const failed = exec.exec(prepare(id), ['x'], options());
    await expect(failed).rejects.toMatchObject({
      name: 'ExecError',
      message: expect.stringMatching(message) as string,
      code: undefined,
    });
  });

  it.each([
    ['/containers/', 'serverError'],
    ['/containers/', 'garbage'],
    ['/containers/', 'hang'],
    ['/containers/', 'cut'],
    ['/exec/0e0/start', 'serverError'],
    ['/exec/0e0/start', 'cut'],
    ['/exec/0e0/start', 'hang'],
    ['/exec/0e0/json', 'garbage'],
    ['/exec/0e0/json', 'notThere'],
  ] as const)(
    'for a reason of the engine’s own says nothing about the container: %s %s',
    async (path, fault) => {
      const { engine, exec, id } = await prepared({}, undefined, 500);
      engine.faults.set(path, faults[fault]);
      await expect(exec.exec(id, ['x'], options())).rejects.toMatchObject({
        name: 'ExecError',
        code: 'EAGAIN',
      });
    },
  );

  it('because the connection was closed says nothing about the container', async () => {
    const { engine, exec, id, port } = await prepared({ hangs: true });
    const running = expect(exec.exec(id, ['x'], options())).rejects.toMatchObject({ code: 'EAGAIN' });
    await engine.execs.hanging();
    port.close();
    await running;
    exec.use(undefined);
    await expect(exec.exec(id, ['x'], options())).rejects.toThrow('the Docker engine is away');
  });
});

describe('a program that hangs', () => {
  it('is given up when the signal aborts, and killed', async () => {
    const killed: [number, string][] = [];
    let tell: () => void = () => undefined;
    const wasKilled = new Promise<void>((resolve) => (tell = resolve));
    const { engine, exec, id } = await prepared({ hangs: true }, (pid, container) => {
      killed.push([pid, container]);
      harness.engine.execs.kill(pid);
      tell();
    });
    const controller = new AbortController();
    const running = expect(exec.exec(id, ['x'], options({ signal: controller.signal }))).rejects.toThrow();
    await engine.execs.hanging();
    controller.abort();
    await running;
    await wasKilled;
    expect(killed).toEqual([[engine.execs.pidOf(0), id]]);
    engine.execs.program = {};
    await expect(exec.exec(id, ['x'], options())).resolves.toEqual({ exitCode: 0, output: '' });
  });

  it('and cannot be killed stays the only one', async () => {
    const { engine, exec, id } = await prepared({ hangs: true }, () => undefined);
    const controller = new AbortController();
    const running = expect(exec.exec(id, ['x'], options({ signal: controller.signal }))).rejects.toThrow();
    await engine.execs.hanging();
    controller.abort();
    await running;
    for (let time = 0; time < 2; time++)
      await expect(exec.exec(id, ['x'], options())).rejects.toMatchObject({
        message: 'its last run has not ended yet',
        code: undefined,
      });
    expect(engine.execs.all).toHaveLength(1);
    engine.execs.kill(engine.execs.pidOf(0));
    engine.execs.program = {};
    await expect(exec.exec(id, ['x'], options())).resolves.toEqual({ exitCode: 0, output: '' });
  });

  it('is not started if the signal has already aborted', async () => {
    const { engine, exec, id } = await prepared();
    await expect(exec.exec(id, ['x'], options({ signal: AbortSignal.abort() }))).rejects.toThrow();
    expect(engine.execs.all).toEqual([]);
  });
});

describe.skipIf(process.platform !== 'linux')('killing', () => {
  let child: ChildProcess | undefined;
  afterEach(() => child?.kill('SIGKILL'));

  it('ends a process of the container and no other', async () => {
    const process = spawn('cat', [], { stdio: ['pipe', 'pipe', 'ignore'] });
    child = process;
    const ended = once(process, 'exit');
    const pid = process.pid ?? 0;
    const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim();
    killInContainer(pid, 'c'.repeat(64));
    killInContainer(0, groups);
    // A process that was killed says nothing any more; that it has ended would be told later.
    process.stdin.write('alive');
    const answer = once(process.stdout, 'data').then(([data]) => String(data));
    expect(await Promise.race([answer, ended])).toBe('alive');
    killInContainer(pid, groups);
    expect(await ended).toEqual([null, 'SIGKILL']);
  });
});

describe('the source', () => {
  it('runs programs while it is connected', async () => {
    const { engine } = harness;
    const id = engine.model.run('web');
    const source = harness.source();
    await expect(source.exec.exec(id, ['x'], options())).rejects.toThrow('the Docker engine is away');
    await source.start(harness.sink);
    await harness.shows('web healthy 172.17.0.2');
    await expect(source.exec.exec(id, ['x'], options())).resolves.toEqual({ exitCode: 0, output: '' });
    await source.stop();
    await expect(source.exec.exec(id, ['x'], options())).rejects.toThrow('the Docker engine is away');
  });
});
