import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { daemonAddress } from '../../src/cli/address.js';
import { COMMANDS } from '../../src/cli/command-table.js';
import { fairlead } from './run.js';

describe('the command line', () => {
  it.each([
    ['servcies', "unknown command 'servcies' (Did you mean services?)"],
    ['tasks --stak x', "unknown option '--stak' (Did you mean --stack?)"],
    ['tasks -o xml', "argument 'xml' is invalid. Allowed choices are table, wide, json, yaml, ndjson, name"],
    ['query', "missing required argument 'name'"],
    ['tasks web', 'too many arguments'],
    ['config shwo', "unknown command 'shwo' (Did you mean show?)"],
    [
      '--addr nonsense status',
      '--addr: "nonsense" is not a valid daemon address; give unix:/path, http://127.0.0.1:port or https://name:port',
    ],
  ])('refuses "%s" in one line with exit code 2', async (line, message) => {
    const { code, stdout, stderr } = await fairlead(line);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^fairlead: [^\n]*\n$/);
  });

  it('shows help when no command is given, and counts that as a mistake', async () => {
    expect(await fairlead('')).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('Usage:') as string,
    });
  });

  it.each(COMMANDS.map(({ name }) => name))('%s --help has examples', async (name) => {
    const { code, stdout, stderr } = await fairlead(`${name} --help`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`Usage: fairlead ${name}`);
    expect(stdout).toMatch(/Examples:\n {2}\$ .*fairlead/);
  });

  it.each(COMMANDS.map((spec) => [spec.name, spec] as const))('%s has a file that runs', async (_, spec) => {
    const command = await spec.load();
    expect(typeof command.run).toBe('function');
  });

  it('prints the version', async () => {
    const { code, stdout } = await fairlead('--version');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it('hands run to the daemon', async () => {
    const given: unknown[] = [];
    const line = 'run --config a.yaml --set dns.ttl=5 --set domain=x.test --demo auto';
    const startDaemon = (options: unknown) => {
      given.push(options);
      return Promise.resolve(78);
    };
    expect((await fairlead(line, { startDaemon })).code).toBe(78);
    await fairlead('run', { startDaemon });
    expect(given).toEqual([
      { configPath: 'a.yaml', set: ['dns.ttl=5', 'domain=x.test'], demo: 'auto', takeOver: false },
      { set: [], demo: 'never', takeOver: false },
    ]);
  });

  it('distinguishes an internal fault from a user’s mistake', async () => {
    const startDaemon = () => Promise.reject(new TypeError('oops'));
    const { code, stderr } = await fairlead('run', { startDaemon });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^fairlead: this is a bug in Fairlead, please report it: TypeError: oops/);
  });
});

describe('the way to the daemon', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'fairlead-cli-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it.each([
    ['unix:/a/b.sock', { path: '/a/b.sock' }],
    ['unix:///a/b.sock', { path: '/a/b.sock' }],
    ['/a/b.sock', { path: '/a/b.sock' }],
    ['http://127.0.0.1:8053', { host: '127.0.0.1', port: 8053 }],
    ['http://[::1]:8053/', { host: '::1', port: 8053 }],
    ['https://fairlead.example', { host: 'fairlead.example', port: 443, tls: {} }],
    ['https://10.0.0.5:8443/', { host: '10.0.0.5', port: 8443, tls: {} }],
  ])('%s leads to %j', (text, api) => {
    expect(daemonAddress({ addr: text }, { env: {}, tmpdir: dir, uid: 1000 }).api).toEqual(api);
  });

  it.each(['unix:relative', 'http://127.0.0.1', 'http://127.0.0.1:0', 'http://127.0.0.1:99999', 'ftp://x:1'])(
    '%s leads nowhere',
    (text) => {
      expect(() => daemonAddress({ addr: text }, { env: {}, tmpdir: dir, uid: 1000 })).toThrow(
        'is not a valid daemon address',
      );
    },
  );

  it("tries --addr, FAIRLEAD_ADDR, the system's socket and the user's own, in this order", async () => {
    const systemSocket = join(dir, 'system.sock');
    const uid = process.getuid?.() ?? 0;
    const own = join(dir, `fairlead-${uid}`, 'fairlead.sock');
    const path = (given: string | undefined, env: NodeJS.ProcessEnv, as = uid) =>
      daemonAddress({ addr: given }, { env, tmpdir: dir, uid: as, systemSocket }).text;
    const env = { FAIRLEAD_ADDR: 'unix:/env' };
    expect(path('unix:/flag', env)).toBe('unix:/flag');
    expect(path(undefined, env)).toBe('unix:/env');
    expect(path(undefined, {})).toBe(`unix:${systemSocket}`);

    mkdirSync(join(dir, `fairlead-${uid}`));
    const servers = [own, systemSocket].map((each) => [createTcpServer(), each] as const);
    const listen = ([server, each]: (typeof servers)[number]) =>
      new Promise<void>((resolve) => server.listen(each, resolve));
    const [first, second] = servers;
    if (!first || !second) throw new Error('unreachable');
    await listen(first);
    expect(path(undefined, {})).toBe(`unix:${own}`);
    await listen(second);
    expect(path(undefined, {})).toBe(`unix:${systemSocket}`);
    await Promise.all(servers.map(([server]) => new Promise((resolve) => server.close(resolve))));
  });

  it("does not trust another user's socket in the shared directory", async () => {
    const uid = (process.getuid?.() ?? 0) + 1;
    mkdirSync(join(dir, `fairlead-${uid}`));
    const server = createTcpServer();
    await new Promise<void>((resolve) =>
      server.listen(join(dir, `fairlead-${uid}`, 'fairlead.sock'), resolve),
    );
    const systemSocket = join(dir, 'system.sock');
    expect(daemonAddress({}, { env: {}, tmpdir: dir, uid, systemSocket }).text).toBe(`unix:${systemSocket}`);
    await new Promise((resolve) => server.close(resolve));
  });

  it('says in one line that there is no daemon, with exit code 69', async () => {
    const { code, stdout, stderr } = await fairlead(`--addr unix:${dir}/none.sock services`);
    expect({ code, stdout }).toEqual({ code: 69, stdout: '' });
    expect(stderr).toBe(
      `fairlead: cannot reach the daemon at unix:${dir}/none.sock: the socket does not exist; start it with "fairlead run", or name it with --addr\n`,
    );
    expect((await fairlead('--addr http://127.0.0.1:1 events -f')).code).toBe(69);
  });

  it('recognizes a foreign server by its answer, with exit code 65', async () => {
    const server = createServer((_, response) => response.end('<html>'));
    const path = join(dir, 'web.sock');
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const { code, stderr } = await fairlead(`--addr unix:${path} services`);
    expect(code).toBe(65);
    expect(stderr).toContain('the server there is not Fairlead');
    await new Promise((resolve) => server.close(resolve));
  });
});

describe('config', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'fairlead-cli-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('validates standard input', async () => {
    const good = await fairlead('config validate -', { stdin: 'dns: { ttl: 5 }\n', cwd: dir });
    expect(good).toMatchObject({ code: 0, stdout: 'valid: standard input\n', stderr: '' });
    const bad = await fairlead('config validate -', { stdin: 'dns:\n  tll: 5\n', cwd: dir });
    expect(bad).toMatchObject({ code: 78, stdout: '' });
    expect(bad.stderr).toMatch(
      /^-:2:3: .*tll.*ttl.*\nfairlead: 1 error in the configuration \(standard input\)\n$/,
    );
    const json = await fairlead('config validate - -o json', { stdin: 'dns:\n  tll: 5\n', cwd: dir });
    expect(JSON.parse(json.stdout)).toMatchObject({ valid: false, errors: [{ line: 2, column: 3 }] });
  });

  it('also validates the checks of services, in the files that the configuration names', async () => {
    writeFileSync(join(dir, 'shop.yml'), 'web:\n  health_check:\n    port: 70000\n    intervall: 1\n');
    const stdin =
      'health:\n  rancherCompose: { shop: shop.yml }\n  defaults: { data: { port: 80, http.body: "(" } }\n';
    const { code, stderr } = await fairlead('config validate -', { stdin, cwd: dir });
    expect(code).toBe(78);
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^-:3:44: health\.defaults\.data\.http\.body: "\(" is not a regular expression /),
      expect.stringMatching(/shop\.yml:3:11: service "web": health_check\.port: "70000" is not a port; /),
      expect.stringMatching(
        /shop\.yml:4:5: service "web": health_check\.intervall: .*did you mean interval\?$/,
      ),
      'fairlead: 3 errors in the configuration (standard input)',
      '',
    ]);
  });

  it('shows each value and its origin', async () => {
    const { code, stdout } = await fairlead('config show --set dns.ttl=7', {
      cwd: dir,
      env: { FAIRLEAD_DOMAIN: 'x.test' },
    });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^KEY +VALUE +FROM\n/);
    expect(stdout).toMatch(/\ndomain +x\.test +FAIRLEAD_DOMAIN\n/);
    expect(stdout).toMatch(/\ndns\.ttl +7 +--set\n/);
    expect(stdout).toMatch(/\nenvironment +default +default\n/);
    expect((await fairlead('config show --config none.yaml', { cwd: dir })).code).toBe(78);
  });

  it('shows no secret, as a table or as JSON', async () => {
    const env = {
      FAIRLEAD_PUBLISHERS__CONSUL__TOKEN: 's3cr3t',
      FAIRLEAD_SOURCES__CONSUL: '[{"name":"a","token":"s3cr3t"}]',
    };
    const table = await fairlead('config show', { cwd: dir, env });
    expect(table.stdout).toMatch(/\nsources\.consul\[0\]\.token +\*\*\* /);
    expect(table.stdout).toMatch(/\npublishers\.consul\.token +\*\*\* +FAIRLEAD_PUBLISHERS__CONSUL__TOKEN\n/);
    const json = await fairlead('config show -o json', { cwd: dir, env });
    expect(JSON.parse(json.stdout)).toHaveProperty('config.publishers.consul.token', '***');
    for (const { stdout, stderr } of [table, json]) expect(stdout + stderr).not.toContain('s3cr3t');
  });

  it('prints the schema', async () => {
    expect(JSON.parse((await fairlead('config schema')).stdout)).toHaveProperty('properties.dns');
  });
});
