import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { ConsulSettings } from '../../src/consul/consul-settings.js';
import { consulAddress } from '../../src/consul/consul-settings.js';
import { createConsulSource } from '../../src/sources/consul/consul-source.js';
import { publishingNode } from '../publishers/publisher-contract.js';
import { MemorySink } from '../sources/docker/memory-sink.js';
import { publisherOptions, startPublisher } from '../support/consul-publisher.js';
import { ref, taskFact } from '../support/facts.js';
import { ask, Ground } from '../daemon/support.js';
import { createExpiredCertificate } from './support/consul-security.js';
import { createConsul, type ConsulAgent } from './support/consul.js';
import { until } from './support/poll.js';

const MASTER = '00000000-0000-4000-8000-000000000001';

let consul: ConsulAgent;
let directory: string;
const ground = new Ground();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-consul-secure-'));
  consul = await createConsul({ tls: true, masterToken: MASTER });
  await consul.start();
  await consul.put('/agent/service/register', { ID: 'web1', Name: 'web', Address: '10.1.0.9', Port: 80 });
});
afterAll(async () => {
  await consul.close();
  rmSync(directory, { recursive: true });
});

/** A token with these rules, in a file. */
async function token(name: string, rules: string): Promise<string> {
  await consul.put('/acl/policy', { Name: name, Rules: rules });
  const { SecretID } = (await consul.put('/acl/token', { Policies: [{ Name: name }] })) as {
    SecretID: string;
  };
  const path = join(directory, `${name}.token`);
  writeFileSync(path, `${SecretID}\n`);
  return path;
}

const READ = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
const WRITE = 'service_prefix "" { policy = "write" } node_prefix "" { policy = "read" }';

const settings = (more: ConsulSettings): ConsulSettings => {
  const { ca, clientCert, clientKey } = consul.certificates ?? { ca: '', clientCert: '', clientKey: '' };
  return { address: consul.address, caFile: ca, certFile: clientCert, keyFile: clientKey, ...more };
};

async function source(more: ConsulSettings, services: 'all' | 'used' | readonly string[] = 'all') {
  const sink = new MemorySink();
  const made = createConsulSource({
    ...{ consul: consulAddress(settings(more), {}), services, environment: 'default', stack: 'consul' },
    pace: { refill: 20, poll: 50 },
  });
  onTestFinished(() => made.stop());
  await made.start(sink);
  return sink;
}

async function publisher(more: ConsulSettings) {
  const catalog = new Catalog();
  const docker = catalog.sink('docker', undefined, { node: publishingNode.id });
  docker.replace({
    tasks: ['a', 'b'].map((id) =>
      taskFact(id, {
        ...{ service: ref(`${id}.shop`), ip: '10.1.0.1', network: 'bridge', node: publishingNode },
        ports: [{ port: 80, protocol: 'tcp', target: 80 }],
      }),
    ),
  });
  docker.status({ state: 'live' });
  const options = publisherOptions(consul.address, { consul: consulAddress(settings(more), {}) });
  const started = await startPublisher(catalog, options);
  onTestFinished(() => started.stop());
  return started;
}

describe('a Consul with TLS, client certificates and ACLs', () => {
  it('is read and written with a token from a file', async () => {
    const sink = await source({ tokenFrom: await token('reader', READ) }, ['web']);
    expect(sink.picture).toEqual(['web1 healthy 10.1.0.9']);
    const { statuses } = await publisher({ tokenFrom: await token('writer', WRITE) });
    await until(
      'published',
      () => Promise.resolve(statuses.at(-1)?.detail),
      (text) => text?.endsWith('2 entries') === true,
    );
    expect(Object.keys((await consul.get('/agent/services')) as object)).toContain('fairlead:a:80');
  });

  it.each<['all' | 'used' | readonly string[]]>([['all'], ['used'], [['web']]])(
    'a token without rights is one clear error, and is replaced while the daemon runs: services %j',
    async (services) => {
      const tokenFrom = await token(`nothing-${String(services)}`, 'key "none" { policy = "read" }');
      const sink = await source({ tokenFrom }, services);
      await until(
        'it says so',
        () => Promise.resolve(sink.statuses.at(-1)?.error),
        (error) => error !== undefined,
      );
      expect(sink.statuses.at(-1)?.error).toBe(
        'Consul shows no services, not even its own; the token has no right to read them; add service_prefix "" { policy = "read" } and node_prefix "" { policy = "read" } to its policy, or give another token',
      );
      writeFileSync(tokenFrom, MASTER);
      // A list of names asks again every 50 ms here, and 30 s after it was read the file is read again.
      if (typeof services === 'string')
        await until(
          'it is read',
          () => Promise.resolve(sink.state),
          (state) => state === 'live',
        );
    },
  );

  it('a token that Consul does not know is refused', async () => {
    const sink = await source({ token: '00000000-0000-4000-8000-00000000dead' });
    await until(
      'it says so',
      () => Promise.resolve(sink.statuses.at(-1)?.error),
      (error) => error !== undefined,
    );
    expect(sink.statuses.at(-1)?.error).toMatch(
      /ACL not found \(HTTP 403\); Consul does not know this token; give the token of this cluster$/,
    );
  });

  it('a publisher without rights says so once, whatever the number of containers', async () => {
    const { statuses } = await publisher({ tokenFrom: await token('only-reader', READ) });
    expect(statuses).toHaveLength(1);
    expect(statuses[0]).toMatchObject({
      state: 'loading',
      error: expect.stringMatching(
        /Permission denied.* \(HTTP 403\); the token lacks the rights for this; add them to its policy, or give another token$/,
      ) as string,
    });
  });

  it('a datacenter that does not exist is named', async () => {
    const sink = await source({ token: MASTER, datacenter: 'lab' });
    expect(sink.statuses.at(-1)).toMatchObject({
      state: 'loading',
      error: expect.stringMatching(
        /No path to datacenter \(HTTP 500\); there is no datacenter "lab", or it is not reachable; correct the key datacenter$/,
      ) as string,
    });
  });

  it('without a client certificate, or with another authority, there is one line', async () => {
    const none = await source({ token: MASTER, certFile: undefined, keyFile: undefined });
    expect(none.statuses.at(-1)?.error).toMatch(/^https:\/\/127\.0\.0\.1:\d+: .*certificate/i);
    const other = await source({ token: MASTER, caFile: undefined });
    expect(other.statuses.at(-1)?.error).toMatch(/^https:\/\/127\.0\.0\.1:\d+: .*certificate/i);
  });

  it('an expired certificate is named, and what is local is answered all the same', async () => {
    const { key, cert } = await createExpiredCertificate(directory);
    const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const at = server.address();
    const address = `https://127.0.0.1:${typeof at === 'object' && at ? at.port : 0}`;
    const daemon = await ground.started(
      ground.loaded(`sources.consul=${JSON.stringify({ address, caFile: cert })}`),
    );
    const error = () =>
      Promise.resolve(daemon.catalog.snapshot.sources.find(({ name }) => name === 'consul')?.error);
    expect(
      await until('it says so', error, (text) => text?.includes('certificate has expired') === true),
    ).toBe(`${address}: certificate has expired`);
    expect(await ask(daemon, 'web.shop.rancher.internal')).toBe('192.0.2.1/5');
  });
});
