import fc from 'fast-check';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { configDocument } from '../../src/config/document.js';
import { formatConfigError } from '../../src/config/errors.js';
import { loadConfig, parseConfigText } from '../../src/config/load.js';
import { allKeys } from '../../src/config/keys.js';
import { variableName } from '../../src/config/variable-name.js';
import { editDistance } from '../../src/text/nearest.js';
import { formatDuration, parseDuration } from '../../src/net/duration.js';
import { configOf, directoryWith } from './support.js';
import { runs } from '../support/depth.js';

const keyPaths = allKeys().map((key) => key.path);
const keyNames = [...new Set(keyPaths.flatMap((path) => path.split('.')))];

/** Text that comes near to YAML: its indicators, known keys and odd characters, in any order. */
const nearlyYaml = fc
  .array(
    fc.oneof(
      fc.constantFrom(...keyNames.map((name) => `${name}:`)),
      fc.constantFrom(
        ' ',
        '\n',
        '\n  ',
        '\t',
        '- ',
        '? ',
        ': ',
        '[',
        ']',
        '{',
        '}',
        ',',
        '&a',
        '*a',
        '!t',
        '|\n',
        '"',
        "'",
        '#',
      ),
      fc.constantFrom(
        '<<: *a',
        '---',
        '%YAML 1.1',
        '~',
        'false',
        '.nan',
        '1e999',
        '0x1',
        '__proto__: ',
        '\uFEFF',
        '\0',
        '\x1f',
      ),
      fc.string({ maxLength: 5, unit: 'binary' }),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  nearlyYaml,
  fc.json(),
  fc.jsonValue().map((v) => stringify(v)),
);

describe('any input', () => {
  it('as a text, is read or refused with one line per mistake, and never throws', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const result = parseConfigText(text, { cwd: '/' });
        if (result.ok) return;
        expect(result.errors.length).toBeGreaterThan(0);
        for (const error of result.errors) {
          expect(formatConfigError(error)).toMatch(/^fairlead\.yaml:\d+:\d+: .+/);
          expect(error.message).not.toMatch(/[\r\n]/);
        }
      }),
      { numRuns: runs(500) },
    );
  });

  it('as a file, variables and flags, is read or refused, and never throws', () => {
    const cwd = directoryWith({});
    const value = fc.oneof(
      anyText,
      fc.constantFrom('{', '[', 'null', '{}', '[[]]', '{"docker":{"socket":{}}}', 'x\0y'),
    );
    const names = keyPaths.flatMap((path) => [variableName(path), `${variableName(path)}_FILE`]);
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names, 'FAIRLEAD_CONFIG', 'DOCKER_HOST', 'FAIRLEAD_X'), value, {
          maxKeys: 6,
        }),
        fc.array(
          fc.oneof(
            value,
            fc.tuple(fc.constantFrom(...keyPaths), value).map((pair) => pair.join('=')),
          ),
          { maxLength: 4 },
        ),
        fc.option(value, { nil: undefined }),
        (env, set, path) => {
          const systemFile = join(cwd, 'none.yaml');
          const result = loadConfig({ env, set, cwd, systemFile, ...(path !== undefined && { path }) });
          if (!result.ok) expect(result.errors.map(formatConfigError)).not.toContain('');
        },
      ),
      { numRuns: runs(500) },
    );
  });

  it.each([
    ['brackets', '['.repeat(20_000)],
    ['braces', '{a: '.repeat(20_000)],
    ['brackets with quoted brackets between them', '["]", '.repeat(20_000)],
    ['sequences in one line', '- '.repeat(20_000)],
    ['sequences after a key', `a: ${'- '.repeat(20_000)}`],
    ['keys in one line', 'a: '.repeat(20_000)],
    ['explicit keys', '? '.repeat(20_000)],
    ['indentation', Array.from({ length: 2000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
    ['aliases', `a: &a [x]\n${Array.from({ length: 1000 }, (_, n) => `b${n}: *a`).join('\n')}`],
    [
      'a bomb',
      Array.from({ length: 30 }, (_, n) => `k${n}: &k${n} [${`*k${n - 1},`.repeat(n && 9)}]`).join('\n'),
    ],
  ])('%s without end are refused', (_, text) => {
    expect(parseConfigText(text)).toMatchObject({ ok: false });
  });

  it('deep JSON in two variables for one section is refused', () => {
    const deep = (inner: string) => `{"a":`.repeat(20_000) + inner + '}'.repeat(20_000);
    const env = { FAIRLEAD_DNS: deep('1'), FAIRLEAD_API: deep('1') };
    expect(parseConfigText('', { env, set: [`dns=${deep('2')}`] })).toMatchObject({ ok: false });
  });
});

describe('a configuration written out', () => {
  const ip = fc.oneof(fc.ipV4(), fc.ipV6());
  const hostPort = fc
    .tuple(ip, fc.integer({ min: 1, max: 65_535 }))
    .map(([host, port]) => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`));
  const document = fc.record(
    {
      domain: fc.domain(),
      environment: fc.stringMatching(/^[a-z0-9]{1,63}$/),
      state: fc.stringMatching(/^[a-z/ .]{0,20}[a-z]$/),
      host: fc.record({ address: ip }),
      dns: fc.record(
        {
          listen: fc.array(hostPort, { minLength: 1, maxLength: 3 }),
          ttl: fc.integer({ min: 0, max: 86_400 }),
          upstreams: fc.oneof(fc.constant('system'), fc.array(hostPort, { maxLength: 3 })),
          upstreamTimeout: fc.integer({ min: 100, max: 60_000 }).map((ms) => `${ms}ms`),
          allow: fc.array(
            fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })).map((pair) => pair.join('/')),
            { minLength: 1 },
          ),
          upstreamCa: fc.constant('ca.pem'),
          forward: fc.dictionary(
            fc.stringMatching(/^[a-z_]{1,9}(\.[a-z0-9-]{1,9}){0,2}$/),
            fc.oneof(
              fc.array(fc.oneof(hostPort, fc.constant('tls://192.0.2.1#dns.test')), { maxLength: 2 }),
              hostPort,
            ),
          ),
          records: fc.array(
            fc.oneof(
              fc.ipV4().map((address) => `*.Printer.lan. 300 IN a ${address}`),
              fc.string().map((text) => `text.lan TXT ${JSON.stringify(text).replaceAll('\\', '\\\\')} b`),
              fc.constant('_ldap._tcp.lan SRV 0 1 389 .'),
            ),
            { maxLength: 3 },
          ),
          maxForwardsPerClient: fc.integer({ min: 1, max: 10_000 }),
          cacheSize: fc.integer({ min: 0, max: 1024 }),
          rebindProtection: fc.constantFrom(false, {}, { allow: ['corp.test'] }),
          rateLimit: fc.integer({ min: 0, max: 100 }),
          queryLog: fc.constantFrom(false, {}, { sample: 5, classes: ['error'] }),
          nsid: fc.constant('ns 1'),
          topLevelDomains: fc.constant('../tlds.txt'),
        },
        { requiredKeys: [] },
      ),
      sources: fc.record(
        {
          docker: fc.constantFrom(false, {}, { resync: '90s' }, null),
          file: fc.constantFrom<unknown>(false, { path: 's.yaml' }, [
            { path: 's.yaml' },
            { name: 'b', path: 't.yaml' },
          ]),
        },
        { requiredKeys: [] },
      ),
      health: fc.record(
        {
          rancherCompose: fc.constantFrom({}, { shop: 'shop/rancher-compose.yml' }),
          defaults: fc.constantFrom({}, { shop: { port: 80, strategy: 'none' } }),
        },
        { requiredKeys: [] },
      ),
      api: fc.oneof(
        fc.record({ listen: fc.constantFrom([], ['unix:a.sock', '127.0.0.1:80'], ['[::1]:8053']) }),
        fc.constant({
          listen: ['0.0.0.0:8443'],
          tls: { certificate: 'tls.crt', key: '../tls.key' },
          tokens: true,
          hosts: ['Fairlead.Example', '::1'],
        }),
      ),
    },
    { requiredKeys: [] },
  );

  it('reads as the same configuration', () => {
    let accepted = 0;
    fc.assert(
      fc.property(document, (given) => {
        const first = parseConfigText(stringify(given), { cwd: '/base' });
        if (!first.ok) return; // Addresses that clash, or are not host's.
        accepted++;
        const second = parseConfigText(stringify(configDocument(first.config)), { cwd: '/elsewhere' });
        expect(JSON.stringify(configOf(second))).toBe(JSON.stringify(first.config));
        expect(second).toMatchObject({ hash: first.hash });
      }),
    );
    expect(accepted).toBeGreaterThan(20);
  });

  it('has durations that read as the same durations', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999 }), (milliseconds) => {
        expect(parseDuration(formatDuration(milliseconds))).toBe(milliseconds);
      }),
    );
    expect([1500, 2000, 60_000, 5_400_000, 7_200_000].map(formatDuration)).toEqual([
      '1500ms',
      '2s',
      '1m',
      '90m',
      '2h',
    ]);
  });
});

describe('the edit distance', () => {
  it('is a metric, and counts one for each typo', () => {
    const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
    const slips = ['listn', 'listeen', 'lusten', 'lisetn'];
    expect(slips.map((slip) => editDistance(slip, 'listen'))).toEqual([1, 1, 1, 1]);
  });
});
