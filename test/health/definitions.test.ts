import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultTiming } from '../../src/health/check.js';
import { checkFromLabels } from '../../src/health/definitions/check-from-labels.js';
import { readHealthCheckMapping } from '../../src/health/definitions/mapping.js';
import { readRancherCompose } from '../../src/health/definitions/rancher-compose.js';
import { checkFromRegistrator } from '../../src/health/definitions/registrator.js';
import { readRequestLine } from '../../src/health/definitions/request-line.js';
import { runs } from '../support/depth.js';

/** `fairlead.health.*` labels from short keys. */
const labels = (short: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(short).map(([key, value]) => [`fairlead.health.${key}`, value]));

describe('labels', () => {
  it.each<[Record<string, string>, object]>([
    [{ port: '8080' }, { kind: 'tcp', port: 8080, ...defaultTiming, strategy: 'recreate', passive: false }],
    [{ type: 'tcp' }, { kind: 'tcp', port: 80 }],
    [
      { 'http.path': '/healthz' },
      { kind: 'http', port: 80, path: '/healthz', method: 'GET', version: '1.1', tls: false },
    ],
    [
      { type: 'https', 'http.status': '200, 401-403' },
      {
        tls: true,
        statuses: [
          { from: 200, to: 200 },
          { from: 401, to: 403 },
        ],
      },
    ],
    [
      { request_line: 'HEAD /a "HTTP/1.0"', 'http.host': 'x.example' },
      { method: 'HEAD', path: '/a', version: '1.0', host: 'x.example' },
    ],
    [
      { 'http.headers': 'X-A: b; Authorization: Basic c2VjcmV0', 'http.body': '^ok$' },
      { headers: { 'X-A': 'b', Authorization: 'Basic c2VjcmV0' }, body: '^ok$' },
    ],
    [
      { type: 'grpc', 'grpc.service': 'shop.Cart', port: '50051' },
      { kind: 'grpc', service: 'shop.Cart', tls: false, port: 50051 },
    ],
    [{ type: 'dns' }, { kind: 'dns', port: 53, name: '.', type: 'NS' }],
    [{ 'dns.name': 'Shop.Example.' }, { kind: 'dns', name: 'shop.example', type: 'A' }],
    [
      { 'udp.send': '\\x00ping\\n', 'udp.expect': 'pong', port: '7' },
      { kind: 'udp', send: '\0ping\n', expect: 'pong' },
    ],
    [{ exec: 'test -e /run/ok' }, { kind: 'exec', argv: ['/bin/sh', '-c', 'test -e /run/ok'] }],
    [{ exec: '["/bin/ok", "now"]' }, { kind: 'exec', argv: ['/bin/ok', 'now'] }],
    [
      { type: 'ttl', interval: '30s', rise: '1', fall: '1' },
      { kind: 'ttl', interval: 30_000, rise: 1, fall: 1 },
    ],
    [{ type: 'Docker' }, { kind: 'docker' }],
    [
      {
        port: '80',
        interval: '500ms',
        timeout: '1m30s',
        passive: 'yes',
        strategy: 'recreateonquorum',
        quorum: '2',
      },
      { interval: 500, timeout: 90_000, passive: true, strategy: 'recreateOnQuorum', quorum: 2 },
    ],
  ])('%j', (given, expected) => {
    const definition = checkFromLabels(labels(given), 80);
    expect(definition?.check).toMatchObject(expected);
    expect(definition?.notes).toEqual([]);
  });

  it.each<[Record<string, string>, string, RegExp]>([
    [{ port: '70000' }, 'port', /"70000" is not a port; write a whole number from 1 to 65535/],
    [{ type: 'ping' }, 'type', /"ping" must be one of tcp, http/],
    [{ 'http.body': '(' }, 'http.body', /"\(" is not a regular expression \(.*Unterminated group\)/],
    [{ 'http.status': '200-' }, 'http.status', /is not a list of HTTP statuses/],
    [{ 'http.path': 'healthz' }, 'http.path', /is not a valid path; write one that begins with "\/"/],
    [{ 'http.path': '/a b\r\nX: y' }, 'http.path', /is not a valid path/],
    [
      { 'http.headers': 'Content-Length: 5' },
      'http.headers',
      /sets the header Content-Length, which the check sets itself/,
    ],
    [{ 'http.headers': 'X: a\r\nY: b' }, 'http.headers', /is not a list of headers/],
    [
      { request_line: 'GET / "HTTP/2.0"' },
      'request_line',
      /has the version "HTTP\/2\.0", which is not an HTTP version/,
    ],
    [{ exec: '[broken' }, 'exec', /is not a list of words/],
    [{ type: 'exec' }, '', /has no command to execute; write one/],
    [{ type: 'udp' }, '', /has no port to check; write one/],
    [{ interval: '2s' }, '', /does not say what to check; write a type/],
  ])('%j is invalid', (given, key, message) => {
    const definition = checkFromLabels(labels(given), 80);
    expect(definition?.check).toBeUndefined();
    expect(definition?.notes).toEqual([
      {
        key: key === '' ? '' : `fairlead.health.${key}`,
        message: expect.stringMatching(message) as string,
        fatal: true,
      },
    ]);
  });

  it.each<[Record<string, string>, string]>([
    [
      { port: '80', interval: '0' },
      '"0" is not a duration from 100ms to 24h, written with its unit: 500ms, 10s, 1m30s',
    ],
    [{ port: '80', rise: 'two' }, '"two" is not a whole number from 1 to 100'],
    [{ port: '80', intervall: '1s' }, 'is not a label of Fairlead; did you mean fairlead.health.interval?'],
  ])('%j works with the default', (given, message) => {
    const definition = checkFromLabels(labels(given), 80);
    expect(definition?.check).toMatchObject({ kind: 'tcp', ...defaultTiming });
    expect(definition?.notes).toMatchObject([{ message, fatal: false }]);
  });

  it('need a port if the task has none', () => {
    const definition = checkFromLabels(labels({ type: 'tcp' }), undefined);
    expect(definition).toEqual({
      notes: [{ key: '', message: 'has no port to check; write one', fatal: true }],
    });
  });

  it('say none, or nothing', () => {
    expect(checkFromLabels(labels({ type: 'none' }), 80)).toEqual({ off: true, notes: [] });
    expect(checkFromLabels({ 'fairlead.healthy': 'x' }, 80)).toBeUndefined();
  });
});

describe('labels that a check does not use', () => {
  const notes = (short: Record<string, string>) => {
    const definition = checkFromLabels(labels(short), 80);
    return [definition?.check?.kind, definition?.notes.map(({ key, fatal }) => `${key} ${fatal}`)];
  };

  it.each<[Record<string, string>, string[]]>([
    [{ type: 'tcp', 'http.body': '(' }, ['http.body']],
    [{ type: 'http', 'grpc.tls': 'true', 'udp.send': 'x' }, ['grpc.tls', 'udp.send']],
    [{ type: 'exec', exec: 'true', port: '80' }, ['port']],
    [{ type: 'docker', passive: 'true' }, ['passive']],
    [{ type: 'docker', passive: 'false' }, []],
  ])('%j: the check runs, and they are reported', (given, expected) => {
    expect(notes(given)).toEqual([given['type'], expected.map((key) => `fairlead.health.${key} false`)]);
  });

  it('nothing is reported if there should be no check', () => {
    expect(notes({ type: 'none', port: 'x', 'http.body': '(' })).toEqual([undefined, []]);
  });

  it.each<[Record<string, string>, string]>([
    [{ interval: 'soon' }, '2 s'],
    [{ rise: '0' }, '2'],
    [{ initializing_timeout: '9d' }, '60 s'],
    [{ passive: 'perhaps' }, 'false'],
    [{ quorum: 'x' }, 'none'],
  ])('%j: the message says which value replaces the unreadable one', (given, holds) => {
    const definition = checkFromLabels(labels({ port: '80', ...given }), 80);
    expect(definition?.notes).toMatchObject([{ fatal: false, holds }]);
    expect(definition?.check).not.toHaveProperty('quorum');
  });
});

describe('registrator’s labels', () => {
  const consul = { interval: 10_000, timeout: 10_000, rise: 1, fall: 1 };
  it.each<[Record<string, string>, object]>([
    [{ SERVICE_CHECK_TCP: 'true' }, { kind: 'tcp', port: 80, ...consul }],
    [
      {
        SERVICE_CHECK_HTTP: '/up',
        SERVICE_CHECK_HTTP_METHOD: 'head',
        SERVICE_CHECK_INTERVAL: '15s',
        SERVICE_CHECK_TIMEOUT: '2s',
      },
      { kind: 'http', tls: false, path: '/up', method: 'HEAD', interval: 15_000, timeout: 2000 },
    ],
    [
      { SERVICE_443_CHECK_HTTPS: '/up', SERVICE_443_CHECK_HTTPS_METHOD: 'POST' },
      { kind: 'http', tls: true, port: 443, method: 'POST' },
    ],
    [
      { SERVICE_CHECK_SCRIPT: 'curl $SERVICE_IP' },
      { kind: 'exec', argv: ['/bin/sh', '-c', 'curl $SERVICE_IP'] },
    ],
    [{ SERVICE_CHECK_CMD: '/check' }, { kind: 'exec' }],
    [{ SERVICE_CHECK_TTL: '30s' }, { kind: 'ttl', interval: 30_000 }],
    [
      { SERVICE_CHECK_GRPC: '1', SERVICE_CHECK_GRPC_USE_TLS: 'true' },
      { kind: 'grpc', tls: true },
    ],
    [{ SERVICE_CHECK_TCP: '1', SERVICE_CHECK_HTTP: '/' }, { kind: 'http' }],
    [
      { SERVICE_CHECK_HTTP: '/all', SERVICE_8080_CHECK_HTTP: '/own', SERVICE_CHECK_INTERVAL: '3s' },
      { port: 8080, path: '/own', interval: 3000 },
    ],
    [{ SERVICE_check_tcp: '1' }, { kind: 'tcp' }],
  ])('%j', (given, expected) => {
    const definition = checkFromRegistrator(given, 80);
    expect(definition).toMatchObject({ check: expected, notes: [] });
  });

  it('begin with SERVICE_ in upper case, as in registrator', () => {
    expect(checkFromRegistrator({ service_check_tcp: '1' }, 80)).toBeUndefined();
  });

  it('define nothing if they ask for no check', () => {
    expect(checkFromRegistrator({ SERVICE_NAME: 'web', SERVICE_CHECK_INTERVAL: '2s' }, 80)).toBeUndefined();
  });

  it('of a second port are reported as unused', () => {
    const definition = checkFromRegistrator({ SERVICE_443_CHECK_TCP: '1', SERVICE_80_CHECK_TCP: '1' }, 80);
    expect(definition).toMatchObject({
      check: { port: 80 },
      notes: [{ key: 'SERVICE_443_CHECK_*', fatal: false }],
    });
  });

  it('that are invalid are reported with their own name', () => {
    expect(checkFromRegistrator({ SERVICE_CHECK_HTTP: 'up' }, 80)).toMatchObject({
      notes: [{ key: 'SERVICE_CHECK_HTTP', fatal: true }],
    });
  });
});

describe('request_line', () => {
  it.each<[string, object]>([
    ['GET /healthz "HTTP/1.0"', { method: 'GET', path: '/healthz', version: '1.0', headers: {} }],
    ['GET "/a b"', {}],
    ['/up', { method: 'OPTIONS', path: '/up', version: '1.0' }],
    ['get /up HTTP/1.1', { method: 'GET', version: '1.1' }],
    [
      'GET / HTTP/1.1\\r\\nHost:\\ www.example.com\\r\\nX-A:\\ b\\r\\nConnection:\\ close',
      { version: '1.1', host: 'www.example.com', headers: { 'X-A': 'b' } },
    ],
    ['OPTIONS *', { path: '*' }],
    ['', {}],
    ['GET / HTTP/1.1 more', {}],
    ['GET "/', {}],
  ])('%s', (text, expected) => {
    const reading = readRequestLine(text);
    expect(reading).toMatchObject(
      Object.keys(expected).length > 0 ? { ok: true, value: expected } : { ok: false },
    );
  });
});

describe('rancher-compose.yml', () => {
  const check = `
    port: 42
    interval: 2500
    response_timeout: 1000
    unhealthy_threshold: 4
    healthy_threshold: 3
    initializing_timeout: 30000
    reinitializing_timeout: 40000
    strategy: recreateOnQuorum
    recreate_on_quorum_strategy_config: { quorum: 2 }
    request_line: GET /healthz "HTTP/1.0"`;
  const web = `web:\n  scale: 2\n  health_check:${check}\n`;

  it.each([
    ['version 1', web, 'rancher-compose.yml:3:3'],
    [
      'version 2',
      `version: '2'\nservices:\n  ${web.trimEnd().replaceAll('\n', '\n  ')}\n`,
      'rancher-compose.yml:5:5',
    ],
  ])('%s: every field is read', (_version, text, from) => {
    const { services, notes } = readRancherCompose(text, 'rancher-compose.yml');
    expect(notes).toEqual([]);
    expect(services.get('web')).toEqual({
      kind: 'http',
      tls: false,
      port: 42,
      method: 'GET',
      path: '/healthz',
      version: '1.0',
      headers: {},
      statuses: [{ from: 200, to: 399 }],
      interval: 2500,
      timeout: 1000,
      rise: 3,
      fall: 4,
      initializingTimeout: 30_000,
      reinitializingTimeout: 40_000,
      strategy: 'recreateOnQuorum',
      quorum: 2,
      passive: false,
      from,
    });
  });

  it('a port alone is a TCP check with Rancher’s defaults', () => {
    const text =
      'db:\n  health_check:\n    port: "5432"\n    request_line: ""\n    strategy:\nlb:\n  scale: 1\n';
    const { services, notes } = readRancherCompose(text, 'f');
    expect([...services.keys()]).toEqual(['db']);
    expect(services.get('db')).toMatchObject({
      kind: 'tcp',
      port: 5432,
      ...defaultTiming,
      strategy: 'recreate',
    });
    expect(notes).toEqual([]);
  });

  it.each<[string, string[]]>([
    [
      'a: { health_check: {} }',
      ['1:6: service "a": health_check: has no port; write "port: 80", the port in the container'],
    ],
    [
      'a:\n  health_check: 80',
      ['2:3: service "a": health_check: is not a mapping of keys; write "port: 80" below it'],
    ],
    [
      'a:\n  health_check: { port: [80] }',
      ['2:25: service "a": health_check.port: is not a single value; write it after the colon'],
    ],
    [
      'a:\n  health_check: { port: 80, type: http }',
      [
        '2:29: service "a": health_check.type: is not a key of health_check; the keys are port, request_line, interval, response_timeout, healthy_threshold, unhealthy_threshold, initializing_timeout, reinitializing_timeout, strategy, recreate_on_quorum_strategy_config',
      ],
    ],
    [
      `a:
  health_check:
    port: 99999
    interval: fast
    intervall: 1
    strategy: recreat
    recreate_on_quorum_strategy_config: 2
    request_line: GET / "HTTP/2"
b:
  health_check:
    port: 80
    recreate_on_quorum_strategy_config: { quorum: none }
    unhealthy_threshold: 0
`,
      [
        '3:11: service "a": health_check.port: "99999" is not a port; write a whole number from 1 to 65535',
        '4:15: service "a": health_check.interval: "fast" is not a duration from 100ms to 24h, written in milliseconds, such as 2000, or with a unit, such as 2s',
        '5:5: service "a": health_check.intervall: is not a key of health_check; did you mean interval?',
        '6:15: service "a": health_check.strategy: "recreat" must be one of none, recreate, recreateOnQuorum',
        '7:5: service "a": health_check.recreate_on_quorum_strategy_config: is not a mapping with "quorum: NUMBER"',
        '8:19: service "a": health_check.request_line: "GET / "HTTP/2"" has the version "HTTP/2", which is not an HTTP version; write 1.0 or 1.1',
        '12:51: service "b": health_check.recreate_on_quorum_strategy_config.quorum: "none" is not a whole number from 1 to 100',
        '13:26: service "b": health_check.unhealthy_threshold: "0" is not a whole number from 1 to 100',
      ],
    ],
  ])('%j is reported, everything with its place', (text, expected) => {
    const { services, notes } = readRancherCompose(text, 'f');
    expect(notes.map(({ line, column, message }) => `${line}:${column}: ${message}`)).toEqual(expected);
    expect([...services]).toEqual([]);
  });

  it('with invalid YAML is reported with its place, and a faulty service affects no other', () => {
    expect(readRancherCompose('a: [', 'f').notes).toMatchObject([
      { line: 1, column: 5, message: expect.stringMatching(/is not valid YAML/) as string },
    ]);
    const { services, notes } = readRancherCompose(
      'a: { health_check: 1 }\nb: { health_check: { port: 1 } }',
      'f',
    );
    expect([[...services.keys()], notes.length]).toEqual([['b'], 1]);
  });
});

describe('what a rancher-compose.yml may also have', () => {
  it('merge keys, in the check and around it', () => {
    const text = `base: &base { health_check: &hc { port: 80, interval: 500 } }
web: { <<: *base, scale: 2 }
db:
  health_check:
    <<: *hc
    port: 5432
`;
    const { services, notes } = readRancherCompose(text, 'f');
    expect(notes).toEqual([]);
    expect(services.get('web')).toMatchObject({ port: 80, interval: 500, from: 'f:2:1' });
    expect(services.get('db')).toMatchObject({ port: 5432, interval: 500 });
  });

  it.each<[string, object[]]>([
    [
      'services: [web]',
      [
        {
          line: 1,
          column: 11,
          message:
            'services: is not a mapping of services; write "web: { health_check: { port: 80 } }" below it',
        },
      ],
    ],
    [
      'web: { health_check: { port: 80 } }\nWEB: { health_check: { port: 81 } }',
      [
        {
          line: 2,
          column: 1,
          message:
            'service "WEB": is the same as "web", because case makes no difference; remove one of them',
        },
      ],
    ],
    [
      'web: { health_check: { port: 80, recreate_on_quorum_strategy_config: { quorum: 1, quorom: 2 } } }',
      [
        {
          line: 1,
          column: 83,
          message:
            'service "web": health_check.recreate_on_quorum_strategy_config.quorom: is not a key here; recreate_on_quorum_strategy_config has only "quorum"',
        },
      ],
    ],
  ])('every mistake is reported: %s', (text, expected) => {
    expect(readRancherCompose(text, 'f').notes).toEqual(expected);
  });

  it.each(['services:\n', 'services: { web: { scale: 2 } }\n', "version: '2'\n", 'web:\n'])(
    'nothing to report for: %j',
    (text) => {
      expect(readRancherCompose(text, 'f')).toEqual({ services: new Map(), notes: [] });
    },
  );
});

describe('the default of a stack', () => {
  const read = (value: unknown) => readHealthCheckMapping(value, 'health.defaults.shop', 'all');

  it.each<[object, object | undefined]>([
    [{ port: 80 }, { kind: 'tcp', port: 80, ...defaultTiming, from: 'health.defaults.shop' }],
    [
      { port: 80, request_line: 'GET /up "HTTP/1.0"', response_timeout: 500, healthy_threshold: 1 },
      { kind: 'http', path: '/up', timeout: 500, rise: 1 },
    ],
    [
      { port: 80, 'http.path': '/up', 'http.body': '^ok$', fall: 2, passive: true },
      { kind: 'http', path: '/up', body: '^ok$', fall: 2, passive: true },
    ],
    [
      { type: 'grpc', port: 50051, quorum: 2 },
      { kind: 'grpc', port: 50051, quorum: 2 },
    ],
    [{ exec: ['/bin/ok', 'now'] }, { kind: 'exec', argv: ['/bin/ok', 'now'] }],
    [
      { type: 'ttl', interval: '30s' },
      { kind: 'ttl', interval: 30_000 },
    ],
    [{ type: 'none' }, undefined],
  ])('%j', (given, expected) => {
    const { check, faults } = read(given);
    expect(faults).toEqual([]);
    expect(check).toEqual(expected === undefined ? undefined : expect.objectContaining(expected));
  });

  it.each<[unknown, [string, 'key' | 'value', RegExp][]]>([
    [80, [['', 'key', /^is not a mapping of keys/]]],
    [{}, [['', 'key', /^does not say what to check; write a type \(tcp, .*\) or a port$/]]],
    [{ type: 'tcp' }, [['', 'key', /^has no port to check; write one$/]]],
    [{ http: { path: '/' } }, [['http', 'key', /^is not a key .*; write its keys with dots: http\.path$/]]],
    [{ port: 80, path: '/x' }, [['path', 'key', /^is not a key .*; did you mean http\.path\?$/]]],
    [
      { '<<': { port: 80 } },
      [['<<', 'key', /^is not a key .*: maps are not merged here; write the keys out$/]],
    ],
    [
      { type: 'tcp', port: 80, 'http.body': '(' },
      [['http.body', 'value', /^has no effect on a check of type tcp; remove it, or write another type$/]],
    ],
    [{ type: 'ttl', port: 80 }, [['port', 'value', /^has no effect on a check of type ttl;/]]],
    [
      { type: 'docker', passive: true },
      [['passive', 'value', /^has no effect, because only Docker probes;/]],
    ],
    [{ type: 'ping', port: 80 }, [['type', 'value', /^"ping" must be one of tcp, http/]]],
    [{ port: 80, 'http.body': '(' }, [['http.body', 'value', /^"\(" is not a regular expression/]]],
    [{ port: 80, 'http.status': 2 }, [['http.status', 'value', /^"2" is not a list of HTTP statuses/]]],
    [{ exec: [1] }, [['exec', 'value', /is not a list of words/]]],
    [
      { port: 80, rise: 2, healthy_threshold: 3 },
      [['healthy_threshold', 'key', /^means the same as rise; remove one of them$/]],
    ],
    [
      { prot: 80, interval: 'soon' },
      [
        ['prot', 'key', /^is not a key of health_check; did you mean port\?$/],
        ['interval', 'value', /^"soon" is not a duration/],
      ],
    ],
  ])('%j has faults', (given, expected) => {
    const { check, faults } = read(given);
    expect(check).toBeUndefined();
    expect(faults.map(({ path, ...rest }) => ({ ...rest, path: path.join('.') }))).toEqual(
      expected.map(([path, part, message]) => ({
        path,
        part,
        message: expect.stringMatching(message) as string,
      })),
    );
  });
});

describe('any input', () => {
  const anyText = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('80', '/x', '2s', 'tcp', 'http', 'udp', '[', '\\'),
  );

  it('labels give a check or an explanation in one line', () => {
    const keys = [
      'type',
      'port',
      'interval',
      'http.path',
      'http.headers',
      'http.body',
      'request_line',
      'udp.send',
      'exec',
      'dns.name',
      'x',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...keys), anyText, { minKeys: 1 }), (given) => {
        const definition = checkFromLabels(labels(given), 80);
        const fatal = definition?.notes.some((note) => note.fatal) ?? false;
        if (definition?.check) expect(fatal).toBe(false);
        for (const { message } of definition?.notes ?? []) expect(message).toMatch(/^\P{C}+$/u);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('a request line never puts a line break into the request', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const reading = readRequestLine(text);
        if (reading.ok) expect(JSON.stringify(reading.value)).not.toMatch(/\\[rn]/);
      }),
      { numRuns: runs(1000) },
    );
  });

  it('a file is read or refused', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.json()), (text) => {
        const { services, notes } = readRancherCompose(`a:\n  health_check: ${text}`, 'f');
        expect(services.size + notes.length).toBeGreaterThanOrEqual(0);
        for (const { line, message } of notes)
          expect([line > 0, message.includes('\n')]).toEqual([true, false]);
      }),
      { numRuns: runs(500) },
    );
  });
});

describe('a time without a unit', () => {
  it('is refused in a label, with the form to write', () => {
    const found = checkFromLabels({ 'fairlead.health.port': '80', 'fairlead.health.interval': '5000' }, 80);
    expect(found?.check).toMatchObject({ interval: 2000 });
    expect(found?.notes.map(({ message }) => message)).toEqual([
      '"5000" is not a duration from 100ms to 24h, written with its unit: 500ms, 10s, 1m30s',
    ]);
  });

  it('is in milliseconds where Rancher writes it', () => {
    const { services, notes } = readRancherCompose(
      'a: { health_check: { port: 80, interval: 5000 } }',
      'f.yml',
    );
    expect(notes).toEqual([]);
    expect(services.get('a')).toMatchObject({ interval: 5000 });
  });
});
