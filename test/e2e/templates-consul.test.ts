import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const MAIN = join(import.meta.dirname, '../../dist/main.js');

let dir: string;
let consul: ChildProcess;
let address: string;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const bound = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof bound === 'object' && bound !== null ? bound.port : 0;
}

async function put(path: string, body?: object): Promise<void> {
  const response = await fetch(`http://${address}${path}`, {
    method: 'PUT',
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  expect(response.status).toBe(200);
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-consul-'));
  const [http, serf, server] = [await freePort(), await freePort(), await freePort()];
  address = `127.0.0.1:${http}`;
  const ports = [`-http-port=${http}`, `-serf-lan-port=${serf}`, `-server-port=${server}`];
  const off = ['-dns-port=-1', '-grpc-port=-1', '-serf-wan-port=-1'];
  consul = spawn('consul', ['agent', '-dev', '-bind=127.0.0.1', '-log-level=err', ...ports, ...off], {
    stdio: 'ignore',
  });
  const leads = async () => {
    const response = await fetch(`http://${address}/v1/status/leader`).catch(() => undefined);
    return (await response?.text())?.includes(String(server)) === true;
  };
  while (!(await leads())) await new Promise((resolve) => setTimeout(resolve, 100));
});

afterAll(() => {
  consul.kill();
  rmSync(dir, { recursive: true, force: true });
});

function render(...flags: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [MAIN, 'render', '-consul', address, ...flags], { cwd: dir });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

const read = (name: string) => readFileSync(join(dir, name), 'utf8');

test("the documents' walk-through: register httpd, render, stop it, render", async () => {
  writeFileSync(join(dir, 'consul.ctmpl'), '{{range service "httpd"}}\nserver {{.Address}}:{{.Port}}{{end}}');
  await put('/v1/agent/service/register', {
    Name: 'httpd',
    ID: 'host:httpd_1:80',
    Address: '10.1.0.5',
    Port: 32768,
  });
  expect(await render('-template', 'consul.ctmpl:consul.result', '--once')).toEqual({
    code: 0,
    out: '',
    err: '',
  });
  expect(read('consul.result')).toBe('\nserver 10.1.0.5:32768');
  await put('/v1/agent/service/deregister/host:httpd_1:80');
  expect((await render('-template', 'consul.ctmpl:consul.result', '--once')).code).toBe(0);
  expect(read('consul.result')).toBe('');
});

test('a running render follows Consul, and ends with 12 when interrupted', async () => {
  writeFileSync(join(dir, 'f.ctmpl'), '{{range service "app"}}{{.ID}} {{end}}{{keyOrDefault "a/b" "none"}}');
  const child = spawn(
    process.execPath,
    [MAIN, 'render', '-consul-addr', address, '-template', 'f.ctmpl:f.out'],
    {
      cwd: dir,
      stdio: 'ignore',
    },
  );
  const ended = new Promise((resolve) => child.on('close', resolve));
  const content = () => {
    try {
      return read('f.out');
    } catch {
      return undefined;
    }
  };
  await expect.poll(content, { timeout: 30_000 }).toBe('none');
  await put('/v1/agent/service/register', { Name: 'app', ID: 'app-1', Port: 80 });
  await expect.poll(content, { timeout: 30_000 }).toBe('app-1 none');
  await put('/v1/kv/a/b', { n: 1 });
  await expect.poll(content, { timeout: 30_000 }).toBe('app-1 {"n":1}');
  child.kill('SIGINT');
  expect(await ended).toBe(12);
});

/** Blocking queries that Consul works on, whether their client is still there or not: by the stacks of its goroutines. */
async function blocked(): Promise<number> {
  const response = await fetch(`http://${address}/debug/pprof/goroutine?debug=2`);
  expect(response.status).toBe(200);
  const stacks = (await response.text()).split('\n\n');
  return stacks.filter((stack) => stack.includes('.blockingQuery(')).length;
}

/** Connections to its HTTP API that are open. */
function connected(): number {
  const port = Number(address.split(':')[1]).toString(16).toUpperCase().padStart(4, '0');
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n');
  return lines.filter((line) => new RegExp(`^ *\\d+: 0100007F:${port} [0-9A-F]+:[0-9A-F]+ 01 `).test(line))
    .length;
}

test('-once leaves no blocking query and no connection behind at Consul', async () => {
  await put('/v1/agent/service/register', { Name: 'left', ID: 'left-1', Port: 80 });
  await put('/v1/kv/left', { n: 1 });
  // Consul itself has some.
  const own = await blocked();
  writeFileSync(
    join(dir, 'l.ctmpl'),
    '{{range services}}{{range service .Name}}{{.ID}} {{end}}{{end}}{{key "left"}}{{range nodes}}.{{end}}{{with node}}.{{end}}',
  );
  expect(await render('-template', 'l.ctmpl:l.out', '-once')).toEqual({ code: 0, out: '', err: '' });
  expect(read('l.out')).toContain('left-1 {"n":1}..');
  expect(await blocked()).toBe(own);
  // Those of this test's own requests are kept open for a while.
  await expect.poll(connected, { timeout: 30_000 }).toBeLessThanOrEqual(1);
  // The same template, followed: this is what is looked for.
  const child = spawn(process.execPath, [MAIN, 'render', '-consul', address, '-template', 'l.ctmpl:l.out'], {
    cwd: dir,
    stdio: 'ignore',
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  await expect.poll(blocked, { timeout: 30_000 }).toBeGreaterThan(own);
  child.kill('SIGINT');
  expect(await ended).toBe(12);
  await expect.poll(connected, { timeout: 30_000 }).toBeLessThanOrEqual(1);
});

test('exit codes: 13 for flags, 14 for a template and a command, 15 for a configuration', async () => {
  writeFileSync(join(dir, 'bad.ctmpl'), 'x\n{{nope}}');
  const bad = await render('-template', 'bad.ctmpl:bad.out', '-once');
  expect(bad.code).toBe(14);
  expect(bad.err).toContain('bad.ctmpl:2:3: function "nope" not defined\n{{nope}}\n  ^');
  writeFileSync(join(dir, 'ok.ctmpl'), 'x');
  expect((await render('-template', 'ok.ctmpl:ok.out:exit 3', '-once')).code).toBe(14);
  expect((await render('-bogus')).code).toBe(13);
  writeFileSync(join(dir, 'c.hcl'), 'template {\n  sorce = "x"\n}\n');
  const config = await render('-config', 'c.hcl');
  expect(config).toMatchObject({
    code: 15,
    err: 'fairlead: c.hcl:2: unknown key template.sorce; did you mean source?\n',
  });
});
