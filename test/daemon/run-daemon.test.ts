import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { builtFairlead } from '../support/built-fairlead.js';

let built: ReturnType<typeof builtFairlead>;
beforeAll(() => {
  built = builtFairlead();
});
afterAll(() => rm(built.folder, { recursive: true }));

let directory: string;
let config: string;
let children: ChildProcess[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'fairlead-run-'));
  config = join(directory, 'fairlead.yaml');
  children = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(directory, { recursive: true });
});

const good = (ttl: string) => `
state: state
dns:
  listen: ["127.0.0.1:0"]
  upstreams: []
  ttl: ${ttl}
  native: off
sources: { file: { path: services.yaml } }
vip: { pool: 127.43.0.0/16, native: off }
api: { listen: ["unix:api.sock"] }
`;

/** The real command, as a process. */
function run(...args: string[]) {
  return runNode([], ...args);
}

/** @param flags Node's own */
function runNode(flags: readonly string[], ...args: string[]) {
  const child = spawn(process.execPath, [...flags, built.command, ...args], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const seen = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (seen.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (seen.stderr += chunk.toString()));
  const exit = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return { child, seen, exit };
}

const until = (check: () => void) => vi.waitFor(check, { interval: 50 });

describe('fairlead run', () => {
  it('ends with 78 and reports every mistake with line and column', async () => {
    await writeFile(config, 'dns:\n  tll: 5\n  ttl: often\n');
    const { seen, exit } = run('run', '--config', 'fairlead.yaml');
    expect(await exit).toBe(78);
    expect(seen.stderr).toContain('fairlead.yaml:2:3: dns.tll: is not a key of dns; did you mean ttl?');
    expect(seen.stderr).toContain('fairlead.yaml:3:8: dns.ttl: ');
    expect(seen.stdout).toBe('');
  });

  it('shows what it serves and three commands, reloads on SIGHUP, survives a mistake, ends on SIGTERM', async () => {
    await writeFile(config, good('5'));
    await writeFile(
      join(directory, 'services.yaml'),
      'stacks: { webshop: { services: { web: { tasks: [{ name: w1, ip: 192.0.2.1 }] } } } }\n',
    );
    const { child, seen, exit } = run('run', '--config', 'fairlead.yaml');
    // The lines come one by one.
    await until(() =>
      expect(seen.stdout.split('Try in another terminal:')[1]?.trim().split('\n')).toHaveLength(3),
    );
    expect(seen.stdout).toContain('query web.webshop.rancher.internal');
    await writeFile(config, good('6'));
    child.kill('SIGHUP');
    await until(() => expect(seen.stderr).toContain('configuration reloaded'));
    await writeFile(config, good('soon'));
    child.kill('SIGHUP');
    await until(() => expect(seen.stderr).toContain('the old one stays in effect'));
    expect(seen.stderr).toMatch(/fairlead\.yaml:6:8: dns\.ttl: /);
    const status = run('--addr', `unix:${join(directory, 'api.sock')}`, 'status', '-o', 'json');
    expect(await status.exit).toBe(0);
    expect(JSON.parse(status.seen.stdout)).toMatchObject({
      config: { reload: { ok: false } },
      catalog: { services: 1 },
    });
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });

  it('runs a demo whose three commands work when pasted', async () => {
    const socket = `unix:${join(directory, 'demo.sock')}`;
    const settings = [
      `api.listen=["${socket}"]`,
      'dns.listen=["127.0.0.1:0"]',
      'dns.upstreams=[]',
      'dns.native=off',
      'vip.native=off',
      `state=${directory}`,
    ];
    const { seen } = run('run', '--demo', 'always', ...settings.flatMap((setting) => ['--set', setting]));
    const commands = () => seen.stdout.split('Try in another terminal:')[1]?.trim().split('\n') ?? [];
    // The lines come one by one.
    await until(() => expect(commands()).toHaveLength(3));
    expect(seen.stdout).toContain('No Docker here: ');
    for (const command of commands()) {
      const [program, ...args] = command.trim().split(' ');
      expect(program).toBe('fairlead');
      const pasted = run('--addr', socket, ...args);
      expect(await pasted.exit).toBe(0);
      expect(pasted.seen.stdout).toContain('web');
    }
    expect(await (await fetch('http://127.0.0.11:8080/')).text()).toBe('webshop_web_1 at 127.0.0.11:8080\n');
  });

  it('shows an internal error as a problem, and ends after several within a minute with its state saved', async () => {
    await writeFile(config, good('5'));
    await writeFile(
      join(directory, 'services.yaml'),
      'stacks: { shop: { services: { web: { tasks: [{ name: w1, ip: 192.0.2.1 }] } } } }\n',
    );
    const fault = 'process.on("SIGUSR2", () => setImmediate(() => { throw new Error("injected\\nfault"); }))';
    const { child, seen, exit } = runNode(
      ['--import', `data:text/javascript,${encodeURIComponent(fault)}`],
      ...['run', '--config', 'fairlead.yaml'],
    );
    await until(() => expect(seen.stdout).toContain('Try in another terminal:'));
    child.kill('SIGUSR2');
    await until(() => expect(seen.stderr).toContain('internal error; please report it'));
    const status = run('--addr', `unix:${join(directory, 'api.sock')}`, 'status', '-o', 'json');
    expect(await status.exit).toBe(0);
    expect(JSON.parse(status.seen.stdout)).toMatchObject({
      internalErrors: 1,
      problems: [
        {
          code: 'internal-error',
          message: expect.stringMatching(/an internal error .*: injected;/) as string,
        },
      ],
    });
    for (let count = 2; count <= 5; count++) {
      child.kill('SIGUSR2');
      const lines = count;
      await until(() =>
        expect(seen.stderr.split('internal error; please report it')).toHaveLength(lines + 1),
      );
    }
    expect(await exit).toBe(70);
    expect(await readFile(join(directory, 'state', 'catalog.json'), 'utf8')).toContain('192.0.2.1');
  });

  it('survives SIGHUP during the start, and then reads the configuration again', async () => {
    await writeFile(config, good('5'));
    await writeFile(join(directory, 'services.yaml'), 'stacks: {}\n');
    // The signal is there with the first statement of the program: the daemon is far from being loaded by then.
    const early = `
      const timer = setInterval(() => {
        if (process.listenerCount('SIGHUP') === 0) return;
        clearInterval(timer);
        process.kill(process.pid, 'SIGHUP');
      }, 1)`;
    const { child, seen, exit } = runNode(
      ['--import', `data:text/javascript,${encodeURIComponent(early)}`],
      ...['run', '--config', 'fairlead.yaml'],
    );
    await until(() => expect(seen.stderr).toContain('configuration reloaded'));
    child.kill('SIGTERM');
    expect(await exit).toBe(0);
  });
});
