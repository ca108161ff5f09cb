import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ConsulError } from '../../src/consul/consul-client.js';
import { consulAddress, type ConsulSettings } from '../../src/consul/consul-settings.js';

const directory = mkdtempSync(join(tmpdir(), 'fairlead-consul-settings-'));
afterAll(() => rmSync(directory, { recursive: true }));
const file = (name: string, text: string) => {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
};

describe('how an agent is reached', () => {
  const [token, ca, cert, key] = ['token', 'ca.pem', 'cert.pem', 'key.pem'].map((name) =>
    file(name, `${name}\n`),
  ) as [string, string, string, string];

  it.each<[ConsulSettings, NodeJS.ProcessEnv, string]>([
    [{}, {}, 'http://127.0.0.1:8500'],
    [{}, { CONSUL_HTTP_ADDR: '' }, 'http://127.0.0.1:8500'],
    [{}, { CONSUL_HTTP_ADDR: '192.0.2.1:8500' }, 'http://192.0.2.1:8500'],
    [{}, { CONSUL_HTTP_ADDR: '192.0.2.1:8501', CONSUL_HTTP_SSL: 'true' }, 'https://192.0.2.1:8501'],
    [{}, { CONSUL_HTTP_ADDR: '192.0.2.1:8501', CONSUL_HTTP_SSL: '1' }, 'https://192.0.2.1:8501'],
    [{}, { CONSUL_HTTP_ADDR: '192.0.2.1:8500', CONSUL_HTTP_SSL: 'false' }, 'http://192.0.2.1:8500'],
    [{}, { CONSUL_HTTP_ADDR: 'https://consul.example:8501' }, 'https://consul.example:8501'],
    [{ address: 'http://192.0.2.9:8500' }, { CONSUL_HTTP_ADDR: 'x:1' }, 'http://192.0.2.9:8500'],
  ])('%j with %j', (settings, env, address) => {
    expect(consulAddress(settings, env).address).toBe(address);
  });

  it.each<[ConsulSettings, NodeJS.ProcessEnv, string | undefined]>([
    [{}, {}, undefined],
    [{ token: 'a' }, { CONSUL_HTTP_TOKEN: 'b' }, 'a'],
    [{ tokenFrom: token }, { CONSUL_HTTP_TOKEN: 'b' }, 'token'],
    [{}, { CONSUL_HTTP_TOKEN: 'b', CONSUL_HTTP_TOKEN_FILE: token }, 'b'],
    [{}, { CONSUL_HTTP_TOKEN_FILE: token }, 'token'],
  ])('the token of %j with %j', (settings, env, expected) => {
    expect(consulAddress(settings, env).secrets?.().token).toBe(expected);
  });

  it('reads certificates from the files that settings or variables name', () => {
    const pems = { ca: 'ca.pem\n', cert: 'cert.pem\n', key: 'key.pem\n' };
    const env = { CONSUL_CACERT: ca, CONSUL_CLIENT_CERT: cert, CONSUL_CLIENT_KEY: key };
    expect(consulAddress({}, env).secrets?.().tls).toEqual(pems);
    expect(consulAddress({ caFile: ca, certFile: cert, keyFile: key }, {}).secrets?.().tls).toEqual(pems);
    expect(consulAddress({ caFile: cert }, env).secrets?.().tls).toEqual({ ...pems, ca: 'cert.pem\n' });
  });

  it('says which file it cannot read', () => {
    const { secrets } = consulAddress({ tokenFrom: '/nowhere/token' }, {});
    expect(() => secrets?.()).toThrow(ConsulError);
    expect(() => secrets?.()).toThrow('/nowhere/token: ');
  });
});
