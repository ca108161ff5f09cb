import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import type { TaskFact } from '../../src/catalog/facts.js';
import { parseConfigText } from '../../src/config/load.js';
import { execOf, targetOf } from '../../src/render/config-targets.js';
import { silentLog } from '../../src/net/log.js';
import { ChainedAnswers } from '../../src/render/file-answers.js';
import { KeyValueAnswers } from '../../src/render/key-value-answers.js';
import { RunContext } from '../../src/render/run-context.js';
import type { TaskAnswers } from '../../src/render/task-answers.js';
import { TargetTemplate } from '../../src/render/render-template.js';
import { plainTarget } from '../../src/render/template-target.js';
import { queryText, serviceQuery } from '../../src/render/queries.js';
import { valueText } from '../../src/template/printer.js';
import { GoList, type Value } from '../../src/template/value.js';
import { taskAnswers } from '../support/rendering.js';
import { fieldOf } from '../../src/render/functions/record-fields.js';

const FOLDER = join(import.meta.dirname, '../../config/templates');
const TEMPLATES = readdirSync(FOLDER).filter((name) => name.endsWith('.ctmpl'));

function task(name: string, ip: string, more: Partial<TaskFact> = {}): TaskFact {
  return {
    id: name.padEnd(64, '0'),
    name,
    names: [name],
    environment: 'default',
    stack: 'shop',
    service: { environment: 'default', stack: 'shop', service: 'web' },
    health: 'healthy',
    endpoints: [{ network: 'net1', ip }],
    ports: [{ port: 80, protocol: 'tcp', target: 80, published: [{ ip: '0.0.0.0', port: 32768 }] }],
    labels: {},
    links: {},
    weight: 1,
    expose: false,
    image: 'registry:5000/team/web:1.2',
    ...more,
  };
}

function rendered(file: string, tasks: readonly TaskFact[]): string {
  const target = plainTarget({ file: join(FOLDER, file) }, '/dev/null', { min: 0, max: 0 });
  const settings = { host: { environment: {}, allowPlugin: false, allowWriteToFile: false }, now: () => 0 };
  const result = new TargetTemplate(target, settings).run(taskAnswers(tasks));
  if (result.kind !== 'output') throw new Error(JSON.stringify(result));
  return result.bytes.toString();
}

const TASKS = [
  task('shop_web_2', '10.1.0.3', { weight: 5 }),
  task('shop_web_1', '10.1.0.2'),
  task('shop_web_3', '10.1.0.4', { health: 'unhealthy' }),
];

test('the nginx upstream has the healthy tasks, or a server that is down if there is none', () => {
  expect(rendered('nginx-upstream.ctmpl', TASKS)).toBe(
    'upstream web {\n    server 10.1.0.2:80 weight=1;\n    server 10.1.0.3:80 weight=5;\n}\n',
  );
  expect(rendered('nginx-upstream.ctmpl', [])).toBe('upstream web {\n    server 127.0.0.1:65535 down;\n}\n');
});

test('the Prometheus targets are JSON', () => {
  expect(JSON.parse(rendered('prometheus-targets.ctmpl', TASKS))).toEqual([
    { targets: ['10.1.0.2:80', '10.1.0.3:80'], labels: { service: 'web' } },
  ]);
  expect(JSON.parse(rendered('prometheus-targets.ctmpl', []))).toEqual([]);
});

test('the hosts file has healthy tasks', () => {
  expect(rendered('hosts.ctmpl', TASKS)).toBe(
    '127.0.0.1 localhost\n10.1.0.2 shop_web_1 web.shop\n10.1.0.3 shop_web_2 web.shop\n',
  );
});

test('every example renders, with tasks and without', () => {
  expect(TEMPLATES.length).toBeGreaterThan(4);
  for (const file of TEMPLATES) {
    expect(rendered(file, TASKS), file).toContain('10.1.0.2');
    expect(rendered(file, []), file).not.toContain('10.1.0.2');
  }
});

test('render.yaml shows a use of every example, in a configuration that Fairlead takes', () => {
  const parsed = parseConfigText(readFileSync(join(FOLDER, 'render.yaml'), 'utf8'));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const { templates } = parsed.config.render;
  expect(templates.map(({ source }) => basename(source)).sort()).toEqual(TEMPLATES.sort());
});

function found(port: TaskAnswers, query: string): string[] {
  const list = port.answer(serviceQuery(query));
  const items = list instanceof GoList ? list.items : [];
  const text = (item: Value, field: string) => valueText(fieldOf(item, field));
  return items.map((item) => `${text(item, 'ID')} ${text(item, 'Address')}:${text(item, 'Port')}`);
}

test("names are registrator's, and without one the service's own", () => {
  const two = {
    ports: [
      { port: 80, protocol: 'tcp', target: 80 },
      { port: 53, protocol: 'udp', target: 53 },
    ],
  } as const;
  const port = taskAnswers([
    task('a', '10.1.0.2', { ...two, labels: { SERVICE_53_NAME: 'names', SERVICE_TAGS: 'x,y\\,z' } }),
    task('b', '10.1.0.3', { labels: { SERVICE_NAME: 'front' } }),
    task('c', '10.1.0.4', { labels: { SERVICE_IGNORE: 'false' } }),
  ]);
  expect(found(port, 'web-80')).toEqual(['host:a:80 10.1.0.2:80']);
  expect(found(port, 'names')).toEqual(['host:a:53:udp 10.1.0.2:53']);
  expect(found(port, 'udp.names')).toEqual(['host:a:53:udp 10.1.0.2:53']);
  expect(found(port, 'front')).toEqual(['host:b:80 10.1.0.3:80']);
  expect(found(port, 'web')).toEqual(['host:a:80 10.1.0.2:80', 'host:b:80 10.1.0.3:80']);
  expect(found(port, 'none')).toEqual([]);
});

test('published addresses, filters, and equal answers for equal facts', () => {
  const port = taskAnswers(TASKS, 'published');
  expect(found(port, 'web')[0]).toBe('host:shop_web_1:80 192.0.2.1:32768');
  expect(found(port, 'web|any')).toHaveLength(3);
  expect(found(port, 'web|critical')).toHaveLength(1);
  expect(found(port, 'web@elsewhere')).toEqual([]);
  const before = port.answer(serviceQuery('web'));
  port.use(TASKS);
  expect(port.answer(serviceQuery('web'))).toBe(before);
  expect(new RunContext(port).ask(serviceQuery('web'))).toBe(before);
  expect(queryText(serviceQuery('t.web@dc~n|passing,any'))).toBe('health.service(t.web@dc~n|any,passing)');
});

/** The templates of a page, in order. */
function templatesOf(page: string): string[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8');
  return [...text.matchAll(/```gotemplate\n(.*?)\n```/gs)].map(([, template = '']) => template);
}

/** Key-value pairs beside the tasks. */
function renderedText(
  text: string,
  tasks: readonly TaskFact[],
  pairs: Readonly<Record<string, string>> = {},
): string {
  const views = new KeyValueAnswers({
    store: () => ({
      get: () => Promise.resolve(undefined),
      list: () => Promise.reject(new Error('not asked')),
      watch: (prefix, onView) => {
        const found = Object.entries(pairs).filter(([key]) => key.startsWith(prefix));
        onView({ pairs: found.map(([key, value]) => ({ key, value, revision: '1' })), revision: '1' });
        return () => undefined;
      },
    }),
    onChange: () => undefined,
    log: silentLog,
  });
  const target = plainTarget({ text, name: 'page' }, '/dev/null', { min: 0, max: 0 });
  const settings = { host: { environment: {}, allowPlugin: false, allowWriteToFile: false }, now: () => 0 };
  const result = new TargetTemplate(target, settings).run(new ChainedAnswers([taskAnswers(tasks), views]));
  if (result.kind !== 'output') throw new Error(JSON.stringify(result));
  return result.bytes.toString();
}

test('the templates of docs/templates.md render what the page says', () => {
  const [walkThrough = '', virtualHosts = '', logs = '', confd = '', ...more] = templatesOf('templates.md');
  expect(more).toEqual([]);
  const httpd = task('httpd', '10.1.0.5', { image: 'httpd:2.4' });
  expect(renderedText(walkThrough, [httpd])).toBe('\nserver 10.1.0.5:80');
  expect(renderedText(walkThrough, [])).toBe('');
  const shown = TASKS.map((each) => ({ ...each, labels: { 'virtual.host': 'shop.example' } }));
  expect(renderedText(virtualHosts, [...shown, httpd])).toBe(
    [
      '',
      'upstream shop.example {',
      '    server 10.1.0.2:80; # shop_web_1',
      '    server 10.1.0.3:80; # shop_web_2',
      '}',
      'server {',
      '    server_name shop.example;',
      '    location / { proxy_pass http://shop.example; }',
      '}',
      '',
    ].join('\n'),
  );
  expect(renderedText(virtualHosts, [])).toBe('');
  expect(renderedText(logs, [httpd])).toBe(
    `[[inputs.tail]]\n  files = ["/var/lib/docker/containers/${httpd.id}/${httpd.id}-json.log"]\n  tags = { name = "httpd", image = "httpd:2.4" }\n`,
  );
  expect(renderedText(confd, [], { 'app/upstream/a': '10.0.0.1:80', 'app/upstream/b': '10.0.0.2:80' })).toBe(
    'upstream app {\n    keepalive 16;\n    server 10.0.0.1:80; # a\n    server 10.0.0.2:80; # b\n}',
  );
});

test('the configurations of docs/templates.md are taken, and mean what the page says', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/templates.md'), 'utf8');
  const blocks = [...text.matchAll(/```yaml\n(.*?)\n```/gs)].map(([, block = '']) => block);
  const [first, second, ...more] = blocks.map((block) => {
    const parsed = parseConfigText(block, { directory: '/etc/fairlead' });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    return parsed.config.render;
  });
  expect(more).toEqual([]);
  if (first === undefined || second?.exec === undefined) throw new Error('the page has no configurations');
  expect(first.templates.map((template) => targetOf(template, first))).toEqual([
    {
      source: { file: '/etc/fairlead/upstream.ctmpl' },
      destination: '/etc/nginx/conf.d/upstream.conf',
      check: ['nginx', '-t', '-c', '{file}'],
      command: ['nginx', '-s', 'reload'],
      mode: 0o644,
      minInstances: 1,
      wait: { min: 100, max: 2000 },
      errorOnMissingKey: false,
      createDirectories: true,
      backup: false,
      commandTimeoutMs: 30_000,
      deniedFunctions: [],
    },
  ]);
  expect(execOf(second.exec, second)).toMatchObject({
    command: ['nginx', '-g', 'daemon off;'],
    reloadSignal: 'SIGHUP',
    killSignal: 'SIGQUIT',
    killTimeoutMs: 30_000,
    splayMs: 5000,
    restart: 'always',
    environment: { deny: ['CONSUL_*'], custom: ['LANG=C'] },
  });
});
