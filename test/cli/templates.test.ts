import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { startApi, stopApi, type Fixture } from '../api/fixture.js';
import type { ProgramJson, TemplateJson } from '../../src/api/types/templates-json.js';
import { fairlead, type RunOptions } from './run.js';

const shown: { templates: TemplateJson[]; program: ProgramJson | undefined } = {
  templates: [],
  program: undefined,
};

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startApi({ templates: { list: () => shown.templates, program: () => shown.program } });
});
afterAll(() => stopApi(fixture));

const ask = (line: string, options: RunOptions = {}) =>
  fairlead(line, { ...options, env: { FAIRLEAD_ADDR: `unix:${fixture.socket}`, ...options.env } });

const GOOD: TemplateJson = {
  source: '/etc/fairlead/web.ctmpl',
  destination: '/etc/nginx/conf.d/web.conf',
  state: 'rendered',
  renderedAt: '2026-01-31T12:00:00.000Z',
  bytes: 2048,
  queries: ['health.service(web)'],
  missing: [],
  command: {
    text: 'nginx -s reload',
    ok: true,
    outcome: 'exit status 0',
    output: 'signal sent\n',
    at: '2026-01-31T12:00:01.000Z',
    tookMs: 12,
  },
  failures: 0,
};

const BAD: TemplateJson = {
  source: '/etc/fairlead/bad.ctmpl',
  destination: '/etc/haproxy/haproxy.cfg',
  state: 'failed',
  queries: [],
  missing: [],
  error: 'bad.ctmpl:2:3: function "servce" not defined\n{{servce "web"}}\n  ^',
  failures: 3,
};

const WAITING: TemplateJson = {
  ...{ source: '/etc/fairlead/kv.ctmpl', destination: '/etc/kv', state: 'waiting', failures: 0 },
  ...{ queries: ['kv.block(app/port)'], missing: ['kv.block(app/port)'] },
};

test('each target with its last render, command and error, and the program', async () => {
  shown.templates = [GOOD, BAD, WAITING];
  shown.program = {
    ...{ text: "nginx -g 'daemon off;'", state: 'running', pid: 12, restarts: 2, outcome: 'exit status 1' },
    startedAt: '2026-01-31T12:00:02.000Z',
  };
  expect(await ask('templates')).toEqual({
    code: 1,
    stdout: [
      'DESTINATION                 STATE     RENDERED                     SIZE  COMMAND',
      '/etc/nginx/conf.d/web.conf  rendered  2026-01-31T12:00:00.000Z  2.00KiB  exit status 0',
      '/etc/haproxy/haproxy.cfg    failed    -                               -  -',
      '/etc/kv                     waiting   -                               -  -',
      '',
    ].join('\n'),
    stderr: [
      '! /etc/haproxy/haproxy.cfg',
      '    bad.ctmpl:2:3: function "servce" not defined',
      '    {{servce "web"}}',
      '      ^',
      '! /etc/kv',
      '    waits for kv.block(app/port)',
      "program nginx -g 'daemon off;': running, pid 12, since 2026-01-31T12:00:02.000Z, started again 2 times, ended with exit status 1",
      '',
    ].join('\n'),
  });
});

test('-o json and -o yaml have the output of the command, and the program; -o wide what ran and what was asked', async () => {
  shown.templates = [GOOD, WAITING];
  shown.program = { text: 'nginx', state: 'running', pid: 12, restarts: 0 };
  const json = await ask('templates -o json --sort state');
  expect(json.code).toBe(0);
  expect(JSON.parse(json.stdout)).toEqual({ templates: [GOOD, WAITING], program: shown.program });
  expect(JSON.parse((await ask('templates -o json --sort -state')).stdout)).toMatchObject({
    templates: [WAITING, GOOD],
  });
  const yaml = await ask('templates -o yaml');
  expect(parse(yaml.stdout)).toEqual({ templates: [GOOD, WAITING], program: shown.program });
  shown.templates = [GOOD];
  shown.program = undefined;
  expect(JSON.parse((await ask('templates -o json')).stdout)).toEqual({ templates: [GOOD] });
  expect(JSON.parse((await ask('templates -o ndjson')).stdout)).toEqual(GOOD);
  const wide = await ask('templates -o wide');
  expect(wide.stdout).toContain('nginx -s reload');
  expect(wide.stdout).toContain('health.service(web)');
});

test('fits a narrow terminal: the destination is shortened, the state stays', async () => {
  shown.templates = [{ ...GOOD, destination: `/etc/${'long/'.repeat(20)}web.conf` }];
  const { stdout } = await ask('templates --color never', { terminal: 80 });
  for (const line of stdout.trimEnd().split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  expect(stdout).toContain('rendered');
});

test('a command that failed shows what it printed', async () => {
  shown.templates = [
    {
      ...GOOD,
      state: 'failed',
      error: 'the command after /etc/nginx/conf.d/web.conf failed (exit status 1): nginx: [emerg] bad',
    },
  ];
  const { stderr, code } = await ask('templates');
  expect(code).toBe(1);
  expect(stderr).toContain('nginx: [emerg] bad');
});
