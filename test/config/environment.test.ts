import { describe, expect, it } from 'vitest';
import { parseConfigText } from '../../src/config/load.js';
import { configOf, directoryWith, mistakes, originsOf } from './support.js';

const load = (env: NodeJS.ProcessEnv, cwd = '/') => parseConfigText('', { env, cwd });

describe('variables', () => {
  it.each([
    ['a number', { FAIRLEAD_DNS__NEGATIVE_TTL: '7' }, { dns: { negativeTtl: 7 } }],
    ['space around it', { FAIRLEAD_DNS__TTL: ' 7\n' }, { dns: { ttl: 7 } }],
    ['a text that looks like a number', { FAIRLEAD_ENVIRONMENT: '007' }, { environment: '007' }],
    ['a duration', { FAIRLEAD_DNS__UPSTREAM_TIMEOUT: '500ms' }, { dns: { upstreamTimeout: 500 } }],
    [
      'a list with commas',
      { FAIRLEAD_DNS__LISTEN: '[::1]:54, 127.0.0.1' },
      {
        dns: {
          listen: [
            { ip: '::1', port: 54 },
            { ip: '127.0.0.1', port: 53 },
          ],
        },
      },
    ],
    [
      'a list as JSON',
      { FAIRLEAD_DNS__UPSTREAMS: '["192.0.2.1"]' },
      { dns: { upstreams: [{ ip: '192.0.2.1', port: 53 }] } },
    ],
    ['a word in place of a list', { FAIRLEAD_DNS__UPSTREAMS: 'system' }, { dns: { upstreams: 'system' } }],
    ['a section as JSON', { FAIRLEAD_DNS: '{"ttl":5,"negativeTtl":5}' }, { dns: { ttl: 5, negativeTtl: 5 } }],
    [
      'a key wins over the section around it',
      { FAIRLEAD_DNS__TTL: '6', FAIRLEAD_DNS: '{"ttl":5,"negativeTtl":5}' },
      { dns: { ttl: 6, negativeTtl: 5 } },
    ],
    ['an empty one is not set', { FAIRLEAD_DNS__TTL: '', FAIRLEAD_NONSENSE: '' }, { dns: { ttl: 1 } }],
    [
      'those that are no keys',
      {
        FAIRLEAD_CONFIG: 'x',
        FAIRLEAD_ADDR: 'x',
        FAIRLEAD_SERVICE_HOST: 'x',
        FAIRLEAD_PORT_53_UDP_ADDR: 'x',
        NO_COLOR: '1',
      },
      { dns: { ttl: 1 } },
    ],
  ])('%s', (_, env, expected) => {
    expect(configOf(load(env))).toMatchObject(expected);
  });

  it.each([
    [{ FAIRLEAD_DNS_TTL: '5' }, /^FAIRLEAD_DNS_TTL: is not a variable .+; did you mean FAIRLEAD_DNS__TTL\? /],
    [
      { FAIRLEAD_DNS__TLL: '5' },
      /^FAIRLEAD_DNS__TLL: is not a variable .+; did you mean FAIRLEAD_DNS__TTL\? /,
    ],
    [{ FAIRLEAD_CONFIG_FILE: '5' }, /^FAIRLEAD_CONFIG_FILE: is not a variable /],
    [{ FAIRLEAD_XYZZY: '5' }, /^FAIRLEAD_XYZZY: is not a variable that Fairlead knows; unset it, or see /],
    [{ FAIRLEAD_DNS__TTL: 'soon' }, /^FAIRLEAD_DNS__TTL: is "soon"; it must be a whole number of seconds/],
    [{ FAIRLEAD_DNS__LISTEN: '127.0.0.1,x' }, /^FAIRLEAD_DNS__LISTEN: dns\.listen\[1\]: is "x"; it must be /],
    [{ FAIRLEAD_DNS: '{"tll":5}' }, /^FAIRLEAD_DNS: dns\.tll: is not a key of dns; did you mean ttl\?$/],
    [
      { FAIRLEAD_DNS: '{"ttl":' },
      /^FAIRLEAD_DNS: is not a JSON object; write one, or set a single key in it, such as dns\.listen$/,
    ],
    [{ FAIRLEAD_DNS: 'null' }, /^FAIRLEAD_DNS: is not a JSON object; /],
    [{ FAIRLEAD_SOURCES__DOCKER: 'yes' }, /^FAIRLEAD_SOURCES__DOCKER: is not a JSON object or false; /],
  ])('%o is a mistake', (env, line) => {
    expect(mistakes(load(env))).toEqual([expect.stringMatching(line)]);
  });
});

describe('_FILE variables', () => {
  it('take the value from a file, without its final line breaks', () => {
    const cwd = directoryWith({ secret: 'production\r\n\n' });
    const result = load({ FAIRLEAD_ENVIRONMENT_FILE: 'secret' }, cwd);
    expect(configOf(result).environment).toBe('production');
    expect(originsOf(result).get('environment')).toBe('FAIRLEAD_ENVIRONMENT_FILE');
  });

  it('are not confused with the key sources.file', () => {
    expect(configOf(load({ FAIRLEAD_SOURCES__FILE: '{"path":"/s.yaml"}' })).sources).toEqual({
      file: { path: '/s.yaml' },
    });
  });

  it('are mistakes when the file cannot be read, holds a wrong value, or the variable itself is set too', () => {
    const cwd = directoryWith({ ttl: 'soon\n', 'directory/x': '' });
    const shown = (env: NodeJS.ProcessEnv) => mistakes(load(env, cwd));
    expect(shown({ FAIRLEAD_STATE_FILE: 'gone' })).toEqual([
      'FAIRLEAD_STATE_FILE: gone: the file does not exist; check the path',
    ]);
    expect(shown({ FAIRLEAD_STATE_FILE: 'directory' })).toEqual([
      'FAIRLEAD_STATE_FILE: directory: is a directory; give the path of a file in it',
    ]);
    expect(shown({ FAIRLEAD_DNS__TTL_FILE: 'ttl' })).toEqual([
      expect.stringMatching(/^FAIRLEAD_DNS__TTL_FILE: is "soon"; it must be /),
    ]);
    expect(shown({ FAIRLEAD_DNS__TTL_FILE: 'ttl', FAIRLEAD_DNS__TTL: '5' })).toEqual([
      'FAIRLEAD_DNS__TTL_FILE: is set together with FAIRLEAD_DNS__TTL; unset one of them',
    ]);
  });
});

describe('--set', () => {
  it('takes values in the same forms; a later one wins', () => {
    const set = [
      'dns.ttl=2',
      'dns={"ttl":3}',
      'dns.upstreams=192.0.2.1',
      'sources.docker=false',
      'log.level = debug',
    ];
    expect(configOf(parseConfigText('', { set }))).toMatchObject({
      dns: { ttl: 3, upstreams: [{ ip: '192.0.2.1', port: 53 }] },
      sources: {},
      log: { level: 'debug' },
    });
  });

  it.each([
    ['dns.ttl', '--set dns.ttl: has no value; write --set key=value, such as --set dns.ttl=5'],
    ['=5', '--set =5: has no value; write --set key=value, such as --set dns.ttl=5'],
    ['dns.tll=5', '--set dns.tll=5: is not a key of dns; did you mean ttl?'],
    ['dsn.ttl=5', '--set dsn.ttl=5: is not a known key; did you mean dns?'],
    [
      'dns.listen.0=::1',
      '--set dns.listen.0=::1: is not a key of dns.listen, which has no keys; set dns.listen as a whole',
    ],
    ['__proto__.x=1', '--set __proto__.x=1: is not a known key; remove it, or use one of'],
    ['dns.ttl=', '--set dns.ttl=: is ""; it must be a whole number of seconds from 0 to 86400'],
  ])('%s is a mistake', (flag, line) => {
    expect(mistakes(parseConfigText('', { set: [flag] }))).toEqual([expect.stringContaining(line)]);
  });
});
