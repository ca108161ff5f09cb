import { describe, expect, it } from 'vitest';
import { describeCheck } from '../../src/health/check.js';
import {
  CheckBook,
  sameDefinition,
  type CheckBookOptions,
  type SelfChecked,
} from '../../src/health/check-book.js';
import { targetOf } from '../../src/health/probe-target.js';
import type { Task } from '../../src/catalog/model.js';
import { ref, taskFact } from '../support/facts.js';
import { commonOf, http, tcp } from './support/checks.js';

const task = (over: Parameters<typeof taskFact>[1] & SelfChecked = {}): Task & SelfChecked => ({
  source: 'docker',
  ...taskFact('shop_web_1', {
    service: ref('web.shop'),
    ports: [{ port: 80, protocol: 'tcp', target: 8080 }],
    ...over,
  }),
});

const options: CheckBookOptions = {
  services: new Map([
    ['default/shop/web', tcp(1)],
    ['default/shop/log', tcp(2)],
  ]),
  stacks: new Map([['default/shop', [{ check: http(3) }]]]),
};
const book = new CheckBook(options);
const exec = { kind: 'exec', ...commonOf, argv: ['/bin/ok'] } as const;
const own = { 'fairlead.health.port': '4' };
const registrator = { SERVICE_CHECK_TCP: 'true' };

describe('the check of a task', () => {
  it.each<[string, Task, object | undefined]>([
    ['own labels first', task({ labels: { ...own, ...registrator } }), { port: 4 }],
    ['then the configuration', task({ labels: registrator, healthFrom: 'check' }), { port: 1 }],
    ['a sidekick by its own name', task({ service: ref('log.web.shop') }), { port: 2 }],
    [
      'then registrator',
      task({ service: ref('db.shop'), labels: registrator, healthFrom: 'check' }),
      { port: 80, fall: 1 },
    ],
    ['then its HEALTHCHECK', task({ service: ref('db.shop'), healthFrom: 'check' }), { kind: 'docker' }],
    ['then the default of its stack', task({ service: ref('db.shop') }), { port: 3 }],
    ['else none', task({ service: ref('db.other') }), undefined],
    ['type none is none', task({ labels: { 'fairlead.health.type': 'none' } }), undefined],
  ])('%s', (_name, given, expected) => {
    const { check, problems } = book.checkOf(given);
    expect(check).toEqual(expected === undefined ? undefined : expect.objectContaining(expected));
    expect(problems).toEqual([]);
  });

  it.each<[string, Partial<Task>, object | undefined]>([
    ['a service that is named', { service: ref('db.shop') }, { port: 5432 }],
    ['a sidekick by its own name', { service: ref('cache.web.shop') }, { port: 5432 }],
    ['a port that is named', { service: ref('front.shop') }, { kind: 'http', port: 8080 }],
    ['neither', { service: ref('queue.shop'), ports: [] }, undefined],
    ['a service that is to have none', { service: ref('batch.shop') }, undefined],
  ])('of several defaults of a stack, that of %s', (_name, over, expected) => {
    const several = new CheckBook({
      stacks: new Map([
        [
          'default/shop',
          [
            { services: ['db', 'cache'], check: tcp(5432) },
            { services: ['batch'] },
            { ports: [80], check: http(8080) },
          ],
        ],
      ]),
    });
    const { check, problems } = several.checkOf(task(over));
    expect(check).toEqual(expected === undefined ? undefined : expect.objectContaining(expected));
    expect(problems).toEqual([]);
  });

  it('is not looked for here when a registry finds out the health of the task', () => {
    const local = new CheckBook({ ...options, isForeign: ({ source }) => source === 'consul' });
    expect(local.checkOf({ ...task({ labels: own }), source: 'consul' })).toEqual({ problems: [] });
    expect(local.checkOf(task({ labels: own })).check).toMatchObject({ port: 4 });
  });

  it('that a label defines wrongly is a problem of the container, and no other check replaces it', () => {
    expect(book.checkOf(task({ labels: { 'fairlead.health.port': 'http' } }))).toEqual({
      problems: [
        {
          code: 'health-check-invalid',
          subject: 'task shop_web_1',
          message:
            'task shop_web_1: health label fairlead.health.port: "http" is not a port; write a whole number from 1 to 65535; until then it counts as having no check',
          task: 'shop_web_1',
        },
      ],
    });
  });

  it('is not affected by an unknown label', () => {
    const { check, problems } = book.checkOf(task({ labels: { 'fairlead.health.prot': '4' } }));
    expect(check).toMatchObject({ port: 1 });
    expect(problems).toHaveLength(1);
  });

  it('keeps what a label cannot change, and says so', () => {
    const labels = { 'fairlead.health.port': '4', 'fairlead.health.interval': 'soon' };
    const { check, problems } = book.checkOf(task({ labels }));
    expect(check).toMatchObject({ port: 4, interval: 2000 });
    expect(problems[0]?.message).toMatch(/fairlead\.health\.interval: "soon" .*; until then 2 s is used$/);
  });

  it.each<[string, Task, CheckBookOptions]>([
    ['a label', task({ labels: { 'fairlead.health.exec': '/bin/ok' } }), {}],
    ['registrator', task({ labels: { SERVICE_CHECK_SCRIPT: '/bin/ok' } }), {}],
    [
      'a default of its stack',
      task({ service: ref('db.shop') }),
      { stacks: new Map([['default/shop', [{ check: exec }]]]) },
    ],
  ])('runs no program if there is no engine to run it in, and says so: %s', (_name, given, checks) => {
    const engineless = new CheckBook({ ...checks, canExecute: () => false });
    expect(engineless.checkOf(given)).toEqual({
      problems: [
        {
          code: 'health-check-invalid',
          subject: 'task shop_web_1',
          message: expect.stringMatching(
            /^task shop_web_1: the health check \(.+\) runs a program in the container, but this task is not a container of a connected Docker engine .*; until then it counts as having no check$/,
          ) as string,
          task: 'shop_web_1',
        },
      ],
    });
    expect(new CheckBook(checks).checkOf(given).check?.kind).toBe('exec');
  });
});

describe('an HTTP check that labels ask for in the network of the host', () => {
  const onHost = (labels: Record<string, string>, network = 'host') =>
    task({ service: ref('db.shop'), labels, endpoints: [{ network, ip: '192.0.2.1' }] });
  const labels: readonly (readonly [method: string, labels: Record<string, string>])[] = [
    ['POST', { 'fairlead.health.http.method': 'post' }],
    ['DELETE', { 'fairlead.health.request_line': 'DELETE /v1/agent/leave HTTP/1.1' }],
    ['PUT', { SERVICE_CHECK_HTTP: '/v1/agent/leave', SERVICE_CHECK_HTTP_METHOD: 'PUT' }],
    ['OPTIONS', { 'fairlead.health.request_line': '/' }],
  ];

  it.each(labels)('does not run with %s', (method, asked) => {
    const { check, problems } = book.checkOf(onHost(asked));
    expect(check).toBeUndefined();
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^task shop_web_1: the health check \\(.+\\) asks with ${method}, but the container is in the host's network, where labels may ask with GET, HEAD alone; use one of these, or list the method in health.hostMethods; until then it counts as having no check$`,
        ),
      ),
    ]);
  });

  it.each(labels)(
    'runs with %s where the configuration allows it, and on other networks',
    (method, asked) => {
      const allowing = new CheckBook({ ...options, hostMethods: [method.toLowerCase()] });
      expect(allowing.checkOf(onHost(asked))).toMatchObject({ check: { method }, problems: [] });
      expect(book.checkOf(onHost(asked, 'n1'))).toMatchObject({ check: { method }, problems: [] });
    },
  );

  it.each(['GET', 'HEAD'])('runs with %s', (method) => {
    const { check } = book.checkOf(onHost({ 'fairlead.health.http.method': method }));
    expect(check).toMatchObject({ method });
  });

  it('may be of any method that the configuration itself has', () => {
    const configured = new CheckBook({
      stacks: new Map([['default/shop', [{ check: { ...http(3), method: 'POST' } }]]]),
    });
    expect(configured.checkOf(onHost({})).check).toMatchObject({ method: 'POST' });
  });

  it('is judged again when a stopped container starts', () => {
    const stopped = task({ endpoints: [] });
    const started = { ...stopped, endpoints: [{ network: 'host', ip: '192.0.2.1' }] };
    expect([sameDefinition(stopped, started), sameDefinition(started, { ...started })]).toEqual([
      false,
      true,
    ]);
  });
});

describe('what is said of a check', () => {
  const check = (labels: Record<string, string>) => book.checkOf(task({ labels }));

  it.each([
    { 'fairlead.health.http.headers': 'Authorization Basic czNjcmV0' },
    { 'fairlead.health.http.headers': 'Host: a; Authorization: Basic czNjcmV0' },
    { 'fairlead.health.request_line': 'GET / HTTP/1.1\\r\\nHost:a b c d\\r\\nX-Key:czNjcmV0' },
    { 'fairlead.health.http.path': 'health?token=czNjcmV0' },
  ])('has no secret of a label that cannot be read: %j', (labels) => {
    const [problem] = check(labels).problems;
    expect(problem?.message).toContain('***');
    expect(problem?.message).not.toContain('czNjcmV0');
  });

  it.each([
    { 'fairlead.health.http.path': '/health?token=czNjcmV0' },
    { 'fairlead.health.exec': 'curl -u me:czNjcmV0 localhost' },
  ])('has no secret of what it does: %j', (labels) => {
    const found = check(labels).check;
    const text = found === undefined ? '' : describeCheck(found, '10.0.0.7');
    expect(text).toContain('***');
    expect(text).not.toContain('czNjcmV0');
  });
});

describe('where a task is probed', () => {
  const networks = {
    network: (id: string) =>
      ({
        id,
        name: id,
        driver: id === 'mesh' ? 'overlay' : 'bridge',
        internal: false,
        subnets: [],
        gateways: [],
        source: 'docker',
      }) as const,
  };
  it.each([
    ['at the port that it listens at', { ip: '10.0.0.7' }, { ip: '10.0.0.7', port: 8080 }],
    [
      'by IPv4 rather than IPv6',
      {
        endpoints: [
          { network: 'a', ip: 'fd00::7' },
          { network: 'a', ip: '10.0.0.7' },
        ],
      },
      { ip: '10.0.0.7' },
    ],
    [
      'not through an overlay',
      {
        endpoints: [
          { network: 'mesh', ip: '10.9.0.7' },
          { network: 'a', ip: '10.0.0.7' },
        ],
      },
      { ip: '10.0.0.7', addresses: ['10.9.0.7', '10.0.0.7'] },
    ],
    [
      'at the gateway network when it has nothing else',
      { endpoints: [{ network: 'mesh', ip: '10.9.0.7' }], clientAddresses: ['172.18.0.3'] },
      { ip: '172.18.0.3' },
    ],
  ])('%s', (_name, over, expected) => {
    expect(targetOf(task(over), tcp(80), networks)).toMatchObject(expected);
  });

  it('nowhere without an address', () => {
    expect(targetOf(task(), tcp(80), networks)).toBeUndefined();
  });
});
