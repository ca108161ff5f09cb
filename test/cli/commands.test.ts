import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CONTAINER_ID,
  dnsMessage,
  load,
  NOW,
  startApi,
  STATUS,
  stopApi,
  task,
  VIPS,
  type Fixture,
} from '../api/fixture.js';
import { fairlead, type RunOptions } from './run.js';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startApi();
});
afterAll(() => stopApi(fixture));
beforeEach(() => {
  load(fixture);
  fixture.names.message = dnsMessage();
  fixture.names.failure = undefined;
  fixture.names.asked.length = 0;
  fixture.status.current = STATUS;
});

const ask = (line: string | readonly string[], options: RunOptions = {}) =>
  fairlead(line, { ...options, env: { FAIRLEAD_ADDR: `unix:${fixture.socket}`, ...options.env } });

describe('lists', () => {
  it('aligns services under their headers', async () => {
    expect(await ask('services')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'SERVICE     KIND      MODE   HEALTHY  PORTS   TARGET',
        'crm.shop    external  -            -  -       crm.example.org',
        'front.shop  alias     -            -  -       web.shop',
        'web.shop    tasks     dnsrr      1/2  80/tcp  -',
        '',
      ].join('\n'),
    });
  });

  it('marks a service whose checks are doubted', async () => {
    fixture.sink.update({ removedTasks: [CONTAINER_ID] });
    expect((await ask('services --stack shop')).stdout).toMatch(/\nweb\.shop .* 0\/1 panic /);
    expect((await ask('service web')).stdout).toMatch(
      /\n {2}panic +most tasks are unhealthy at once, so all running tasks are served/,
    );
    load(fixture);
    expect((await ask('service web')).stdout).not.toMatch(/panic/);
  });

  it('shows tasks with short container ids and ages', async () => {
    const { stdout } = await ask('tasks');
    expect(stdout).toBe(
      [
        'ID                 NAME          SERVICE   HEALTH       AGE  ADDRESS',
        '4f1c2b3a5d6e       shop_web_1    web.shop  healthy    3m12s  10.42.0.11',
        '4f1c99999999       shop_web_2    web.shop  unhealthy  3m12s  10.42.0.12',
        'file:shop/web/old  shop_web_old  web.shop  stopped    3m12s  -',
        '77aa00000000       Batch_1       -         healthy    3m12s  10.42.0.30',
        '',
      ].join('\n'),
    );
    expect((await ask('tasks --no-trunc')).stdout).toContain(CONTAINER_ID);
    expect((await ask('tasks -o wide --health unhealthy')).stdout).toMatch(
      /NETWORKS .*\n.*shop_default.*port 80 refused\n$/,
    );
  });

  it('shows what runs where and which version, and an upgrade under way', async () => {
    const service = { environment: 'default', stack: 'shop', service: 'api' };
    const version = (tag: string, digit: string, minutes: number) => ({
      ...{ service, node: { id: 'host-1', name: 'alpha' }, restarts: 2 },
      ...{ image: `shop/api:${tag}`, imageId: `sha256:${digit.repeat(64)}` },
      createdAt: NOW - minutes * 60_000,
    });
    fixture.sink.update({
      tasks: [
        task('v1', 'api_1', '10.42.0.41', version('1.8-alpine', 'a', 90)),
        task('v2', 'api_2', '10.42.0.42', version('1.8-alpine', 'a', 80)),
        task('v3', 'api_3', '10.42.0.43', version('1.9-alpine', 'b', 5)),
      ],
    });
    expect((await ask('services -o wide')).stdout).toMatch(
      /\napi\.shop .* 2 × 1\.8-alpine, 1 × 1\.9-alpine for 5m .*\n/,
    );
    expect((await ask('service api.shop')).stdout).toMatch(
      /\n {2}versions +2 × 1\.8-alpine, 1 × 1\.9-alpine \(upgrading since 2026-11-20T23:55:00\.000Z\)\n/,
    );
    const { stdout } = await ask('tasks --service api -o wide --sort -created');
    const [head, first] = stdout.split('\n');
    expect(head).toMatch(/ HOST +IMAGE +DIGEST +CREATED +RESTARTS /);
    expect(first).toMatch(/^v1 .* alpha +shop\/api:1\.8-alpine +a{12} +1h30m +2 /);
    fixture.sink.update({ removedTasks: ['v1', 'v2'] });
    expect((await ask('services -o wide')).stdout).toMatch(/\napi\.shop .* 1 × 1\.9-alpine +default /);
    fixture.sink.update({ removedTasks: ['v3'] });
  });

  it('prints what scripts need', async () => {
    expect((await ask('tasks --health unhealthy -o name')).stdout).toBe('shop_web_2\n');
    expect((await ask('tasks --service web --stack shop -q')).stdout).toContain(`${CONTAINER_ID}\n`);
    expect((await ask('services -q')).stdout).toBe('crm.shop\nfront.shop\nweb.shop\n');
    expect((await ask('services --no-headers')).stdout).toMatch(/^crm\.shop/);
    expect(JSON.parse((await ask('services -o json')).stdout)).toMatchObject([{}, {}, { name: 'web.shop' }]);
    const lines = (await ask('services -o ndjson')).stdout.trim().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { name: string }).name)).toEqual([
      'crm.shop',
      'front.shop',
      'web.shop',
    ]);
  });

  it('says on stderr that the list is empty, and stays silent for scripts', async () => {
    const empty = await ask('services --stack none');
    expect(empty).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringContaining('no services') as string,
    });
    expect(await ask('services --stack none -o json')).toEqual({ code: 0, stdout: '[]\n', stderr: '' });
    expect(await ask('services --stack none -q')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('never lets a name control the terminal', async () => {
    fixture.sink.update({ tasks: [task('evil', 'a\u001b[2Jb\u202ec', '10.42.0.99')] });
    expect((await ask('tasks -o name')).stdout).toContain('a?[2Jb?c\n');
    expect((await ask('tasks')).stdout).not.toContain('\u001b');
    fixture.sink.update({ removedTasks: ['evil'] });
  });

  it('fits a terminal by cutting the middle of names, but never cuts in a pipe', async () => {
    const name = `${'x'.repeat(60)}_1`;
    fixture.sink.update({ tasks: [task('long', name, '10.42.0.98')] });
    const { stdout } = await ask('tasks', { terminal: 80, env: { NO_COLOR: '1' } });
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(stdout).toMatch(/x…x+_1/);
    expect((await ask('tasks --no-trunc', { terminal: 80, env: { NO_COLOR: '1' } })).stdout).toContain(name);
    expect((await ask('tasks')).stdout).toContain(name);
    fixture.sink.update({ removedTasks: ['long'] });
  });
});

describe('colour', () => {
  it.each([
    ['services', undefined, {}, false],
    ['services', 100, {}, true],
    ['services', 100, { NO_COLOR: '1' }, false],
    ['services', 100, { TERM: 'dumb' }, false],
    ['services', undefined, { FORCE_COLOR: '1' }, true],
    ['services', 100, { FORCE_COLOR: '0' }, false],
    ['services --color never', 100, { FORCE_COLOR: '1' }, false],
    ['services --color always', undefined, { NO_COLOR: '1' }, true],
    ['services --color always -o json', undefined, {}, false],
  ])('%s on a terminal of %s columns with %j: %s', async (line, terminal, env, coloured) => {
    const { stdout } = await ask(line, { env, ...(terminal === undefined ? {} : { terminal }) });
    expect(stdout.includes('\u001b[')).toBe(coloured);
  });
});

describe('service', () => {
  it.each(['web.shop', 'web', 'shop/web', 'WEB.shop.rancher.internal.'])('is found as %s', async (name) => {
    const { code, stdout } = await ask(['service', name]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^web\.shop\n {2}name +web\.shop\.rancher\.internal\n/);
    expect(stdout).toMatch(/\n4f1c99999999 +shop_web_2 +unhealthy .*port 80 refused\n/);
  });

  it.each([
    ['nope.shop', 1, 'no service nope.shop'],
    ['nope', 1, 'no stack has a service "nope"'],
    ['a.b.c.d', 2, 'is not a valid name of a service'],
  ])('%s ends with %i: %s', async (name, code, message) => {
    expect(await ask(['service', name])).toMatchObject({
      code,
      stderr: expect.stringContaining(message) as string,
    });
  });

  it('asks which one is meant if several stacks have it', async () => {
    const service = { environment: 'default', stack: 'blog', service: 'web' };
    fixture.sink.update({ tasks: [task('blog', 'blog_web_1', '10.42.0.77', { service })] });
    const { code, stderr } = await ask('service web');
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'fairlead: several stacks have a service "web"; choose one: web.blog, web.shop\n',
    });
    fixture.sink.update({ removedTasks: ['blog'] });
  });
});

describe('query', () => {
  it('prints records, then what decided them', async () => {
    const { code, stdout } = await ask('query web --as shop_web_1');
    expect(code).toBe(0);
    expect(fixture.names.asked).toEqual([['web', 'A', '10.42.0.11']]);
    expect(stdout).toBe(
      [
        'web.shop.rancher.internal.  1  A  10.42.0.11',
        '',
        '  answer  NOERROR (qr aa rd ra)',
        '  from    own data, in 0.25 ms',
        '  rule    service.stack',
        '  view    10.42.0.11 (no stack, environment default, all networks)',
        '',
      ].join('\n'),
    );
    expect((await ask('query web -q')).stdout).toBe('10.42.0.11\n');
  });

  it('ends with 1 when nothing answers', async () => {
    fixture.names.message = dnsMessage({ flags: 0x0583, answers: [] });
    expect(await ask('query nope')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('NXDOMAIN') as string,
    });
    fixture.names.message = dnsMessage({ answers: [] });
    expect(await ask('query web AAAA')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^no A record\n/) as string,
    });
    fixture.names.message = undefined;
    expect(await ask('query web')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('NOREPLY\n') as string,
    });
  });

  it('ends with 65 when the answer cannot be read', async () => {
    fixture.names.message = dnsMessage().subarray(0, 30);
    expect((await ask('query web')).code).toBe(65);
  });

  it.each([
    ['query web --as nobody', 1, 'no task has the id or name "nobody"; "fairlead tasks" lists them'],
    ['query web ?', 2, '"?" is not a valid record type'],
  ])('%s ends with %i', async (line, code, message) => {
    expect(await ask(line)).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringContaining(message) as string,
    });
  });
});

it('explain shows the steps, the rule, and each task in or out with the reason', async () => {
  const { code, stdout } = await ask('explain web.shop --as 10.42.0.30');
  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      'web.shop A',
      '  view    10.42.0.30 (no stack, environment default, networks net1)',
      '  rule    service.stack',
      '  answer  NOERROR',
      '',
      'tried in this order',
      '  no   container name: no task has this name',
      '  yes  service.stack: service web of stack shop',
      '',
      'tasks',
      'IN   TASK        ID            SERVICE  HEALTH     ADDRESS     WHY',
      'in   shop_web_1  4f1c2b3a5d6e  -        healthy    10.42.0.11  healthy',
      'out  shop_web_2  4f1c99999999  -        unhealthy  10.42.0.12  unhealthy: port 80 refused',
      '',
      'records',
      '  web.shop.rancher.internal. 1 IN A 10.42.0.11',
      '',
    ].join('\n'),
  );
});

describe('status', () => {
  it('is one screen', async () => {
    expect((await ask('status')).stdout).toBe(
      [
        'fairlead 0.1.0, up 1h (pid 4242, Node 20.19.0)',
        '  config     /etc/fairlead/fairlead.yaml (abc123), loaded 1h ago',
        '  names      rancher.internal, environment default',
        '  dns        169.254.169.250:53',
        '  udp        1 answering thread, 2 restarts (last: out of memory), 3 of 6 from compiled answers',
        '  tcp        0 connections',
        '  upstreams  192.0.2.53:53',
        '             corp.example: tls://192.0.2.54:853#dns.example (down: ECONNREFUSED)',
        '             lan: none; such names are refused',
        `  api        unix:${fixture.socket}`,
        `  catalog    3 services, 4 tasks (healthy 2, unhealthy 1, stopped 1), revision ${fixture.catalog.snapshot.revision}`,
        '  adoption   0 of 2 containers ask Fairlead (not-wanted 2); "fairlead adopt" lists them',
        '  checks     4 tasks checked, 1 failing, 1 probe failed because of this host',
        '  vips       proxy, 0 ports of addresses from 10.43.0.0/16',
        '  queries    4 (A 3, AAAA 1), 1 forwarded, 7 from the cache',
        '  replies    NOERROR 3, NXDOMAIN 1',
        '  dropped    policy 2',
        '',
        'SOURCE  STATE  FACTS    DETAIL',
        'docker  live   current  unix:///var/run/docker.sock',
        '',
        '1 problem',
        '  ! container bad_1: label fairlead.service "a b" is no DNS label; rename it [label-invalid]',
        '',
      ].join('\n'),
    );
  });

  it('tells what failed: attempts, threads, probes, templates', async () => {
    const { vips, health, templates } = fixture;
    const before = { told: vips.carrier, list: vips.list };
    vips.carrier = { ...vips.carrier, restarts: 1, lastError: 'out of memory' };
    vips.list = VIPS;
    const counts = health.counts();
    const counted = vi.spyOn(health, 'counts').mockReturnValue({ ...counts, waiting: 4 });
    templates.current = (['rendered', 'rendered', 'failed'] as const).map((state) => ({
      ...{ source: 'a.tpl', destination: '/etc/a', state, failures: 0, queries: [], missing: [] },
    }));
    fixture.status.current = {
      ...STATUS,
      sourceFailures: { docker: 1 },
      publishers: [{ name: 'consul', state: 'stale', asOf: NOW_MINUS_5M, failures: 12, error: 'no answer' }],
    };
    const { stdout } = await ask('status');
    vips.carrier = before.told;
    vips.list = before.list;
    counted.mockRestore();
    templates.current = [];
    for (const line of [
      'checks     4 tasks checked, 1 failing, 4 probes overdue, 1 probe failed because of this host',
      'of addresses from 10.43.0.0/16, 3 connections open of 120 (failed 2, refused 1), 1 restart (last: out of memory)',
      'templates  rendered 2, failed 1',
      'unix:///var/run/docker.sock; 1 failed attempt',
      'no answer; 12 failed attempts',
    ])
      expect(stdout).toContain(`${line}\n`);
  });

  it('tells how old stale facts are and that a reload failed', async () => {
    fixture.sink.status({ state: 'stale', asOf: NOW_MINUS_5M, error: 'connection refused; start Docker' });
    const reload = { at: NOW_MINUS_5M, ok: false, error: 'fairlead.yaml:3:8: dns.ttl: too big' };
    fixture.status.current = { ...STATUS, config: { ...STATUS.config, reload } };
    const { stdout } = await ask('status');
    expect(stdout).toMatch(/docker +stale +5m old +connection refused; start Docker\n/);
    expect(stdout).toContain(
      'reload     failed 5m ago, the old one stays: fairlead.yaml:3:8: dns.ttl: too big\n',
    );
  });
});

const NOW_MINUS_5M = Date.UTC(2026, 10, 20, 23, 55);

describe('version', () => {
  it('shows both and warns when they differ', async () => {
    expect((await ask('version')).stdout).toMatch(
      /^fairlead {2}\d+\.\d+\.\d+ .*\ndaemon {4}0\.1\.0 \(Node 20\.19\.0, unix:/,
    );
    fixture.status.current = { ...STATUS, version: '0.0.9' };
    expect((await ask('version')).stderr).toContain('another version');
    const gone = await fairlead('--addr unix:/nonexistent/x version -o json');
    expect(JSON.parse(gone.stdout)).toMatchObject({ client: {}, daemon: null });
    expect(gone.code).toBe(0);
  });
});
