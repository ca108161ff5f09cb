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
