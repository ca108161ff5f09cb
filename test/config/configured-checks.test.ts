import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfigText } from '../../src/config/load.js';
import { directoryWith, mistakes } from './support.js';

const none = { env: {}, systemFile: '/nowhere/fairlead.yaml' };
const loaded = (files: Readonly<Record<string, string>>, set: readonly string[] = []) => {
  const cwd = directoryWith(files);
  return { cwd, result: loadConfig({ ...none, cwd, set }) };
};

describe('checks in the configuration', () => {
  it('are read from its defaults and from the files that it names, relative to it', () => {
    const { cwd, result } = loaded(
      {
        'fairlead.yaml': `health:
  rancherCompose: { Shop: compose/rancher-compose.yml }
  defaults: { data: { port: 5432 }, quiet: { type: none } }
`,
        'compose/rancher-compose.yml': 'Web:\n  health_check: { port: 80 }\nlb: { scale: 1 }\n',
      },
      ['health.rancherCompose={"other":"compose/rancher-compose.yml"}'],
    );
    const checks = result.ok ? result.checks : undefined;
    const file = join(cwd, 'compose/rancher-compose.yml');
    const web = { kind: 'tcp', port: 80, from: `${file}:2:3` };
    expect(checks?.services.get('shop')?.get('web')).toMatchObject(web);
    expect([...(checks?.services.keys() ?? [])]).toEqual(['shop', 'other']);
    expect(checks?.services.get('shop')?.size).toBe(1);
    expect(checks?.defaults.get('data')).toMatchObject([
      { check: { kind: 'tcp', port: 5432, from: 'health.defaults.data' } },
    ]);
    expect(checks?.defaults.get('quiet')).toEqual([{}]);
  });

  it('may be for some services or ports of a stack, and several', () => {
    const { result } = loaded({
      'fairlead.yaml': `health:
  defaults:
    shop:
      - { services: [DB, cache], port: 5432 }
      - { ports: [80], type: http, port: 80 }
`,
    });
    expect(result.ok ? result.checks.defaults.get('shop') : result).toMatchObject([
      { check: { kind: 'tcp', port: 5432 }, services: ['db', 'cache'] },
      { check: { kind: 'http', port: 80 }, ports: [80] },
    ]);
  });

  it.each([
    [
      '{ services: db, port: 80 }',
      '1:41: health.defaults.shop.services: is not a list of names; write one such',
    ],
    [
      '{ ports: [0], port: 80 }',
      '1:38: health.defaults.shop.ports: is not a list of numbers from 1 to 65535',
    ],
    [
      '[{ ports: [80], prot: 80 }]',
      '1:45: health.defaults.shop[0].prot: is not a key of health_check; did you mean',
    ],
    ['[80]', '1:30: health.defaults.shop[0]: is 80; it must be a mapping in the form of health_check'],
  ])('%s is told at its place', (text, expected) => {
    const { result } = loaded({ 'fairlead.yaml': `health: { defaults: { shop: ${text} } }\n` });
    expect(mistakes(result)).toEqual([expect.stringContaining(expected)]);
  });

  it('are reported with every mistake, each at its own place, whatever else is wrong', () => {
    const { cwd, result } = loaded(
      {
        'fairlead.yaml': `dns: { ttl: soon }
health:
  rancherCompose: { shop: shop.yml, gone: gone.yml, broken: broken.yml }
  defaults:
    a: { prot: 80 }
    b: { type: ping, port: 80 }
    c:
      port: 80
      http.body: "("
      response_timeout: never
    d: { type: udp }
    e: 80
`,
        'shop.yml': `web:
  health_check:
    port: none
    helthy_threshold: 2
db:
  health_check: { interval: 2000 }
`,
        'broken.yml': 'web: [',
      },
      ['health.defaults={"f":{"port":80,"rise":0}}'],
    );
    expect(mistakes(result)).toEqual([
      expect.stringMatching(/^fairlead\.yaml:1:13: dns\.ttl: is "soon"; /),
      `fairlead.yaml:3:43: health.rancherCompose.gone: ${cwd}/gone.yml: the file does not exist; check the path`,
      expect.stringMatching(
        /^fairlead\.yaml:5:10: health\.defaults\.a\.prot: is not a key of health_check; did you mean port\?$/,
      ),
      expect.stringMatching(/^fairlead\.yaml:6:16: health\.defaults\.b\.type: "ping" must be one of tcp, /),
      expect.stringMatching(
        /^fairlead\.yaml:9:18: health\.defaults\.c\.http\.body: "\(" is not a regular expression /,
      ),
      expect.stringMatching(
        /^fairlead\.yaml:10:25: health\.defaults\.c\.response_timeout: "never" is not a duration /,
      ),
      'fairlead.yaml:11:5: health.defaults.d: has no port to check; write one',
      expect.stringMatching(/^fairlead\.yaml:12:8: health\.defaults\.e: is 80; it must be a mapping /),
      expect.stringMatching(
        /^--set health\.defaults=.*: health\.defaults\.f\.rise: "0" is not a whole number from 1 to 100$/,
      ),
      `${cwd}/shop.yml:3:11: service "web": health_check.port: "none" is not a port; write a whole number from 1 to 65535`,
      `${cwd}/shop.yml:4:5: service "web": health_check.helthy_threshold: is not a key of health_check; did you mean healthy_threshold?`,
      `${cwd}/shop.yml:6:3: service "db": health_check: has no port; write "port: 80", the port in the container`,
      expect.stringMatching(/broken\.yml:1:\d+: is not valid YAML: /),
    ]);
  });

  it('named in a text are read by the caller’s function, or not at all', () => {
    const text = 'health: { rancherCompose: { shop: shop.yml } }';
    expect(parseConfigText(text, { cwd: '/base' })).toMatchObject({ ok: true });
    const read = (path: string) => `web: { health_check: { port: ${path} } }`;
    expect(mistakes(parseConfigText(text, { cwd: '/base', read }))).toEqual([
      expect.stringMatching(
        /^\/base\/shop\.yml:1:30: service "web": health_check\.port: "\/base\/shop\.yml" is not a port/,
      ),
    ]);
  });

  it('belong to stacks, each of which has one name regardless of case', () => {
    const { result } = loaded({
      'fairlead.yaml': `health:
  defaults: { my shop: { port: 80 }, web: { port: 80 }, WEB: { port: 81 } }
  rancherCompose: { -a: shop.yml, b: shop.yml, B: shop.yml }
`,
      'shop.yml': 'web:\n  health_check: { port: 80 }\n',
    });
    expect(mistakes(result)).toEqual([
      'fairlead.yaml:2:15: health.defaults.my shop: is not a valid name of a stack: it has a character other than a-z, 0-9, "-" and "_"; write one such as shop',
      'fairlead.yaml:2:57: health.defaults.WEB: is the same as web, because case makes no difference; remove one of them',
      'fairlead.yaml:3:21: health.rancherCompose.-a: is not a valid name of a stack: it begins or ends with "-"; write one such as shop',
      'fairlead.yaml:3:48: health.rancherCompose.B: is the same as b, because case makes no difference; remove one of them',
    ]);
  });
});
