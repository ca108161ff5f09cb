import { writeFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { describe, expect, it, vi } from 'vitest';
import { allKeys, configKeys, type ConfigKey } from '../../src/config/keys.js';
import type { Config } from '../../src/config/config-model.js';
import { parseConfigText, readText } from '../../src/config/load.js';
import { Daemon } from '../../src/daemon/daemon.js';
import { createLog } from '../../src/daemon/daemon-log.js';
import { Ground, silentLog } from './support.js';

const ground = new Ground();

/** Read while the configuration is loaded: what they define is handed over as checks, which a test below shows. */
const READ_BY_THE_LOADER = ['health.rancherCompose', 'health.defaults'];

/** A copy that notes which keys are read. A key that is only copied along with its whole section does not count. */
function noted(value: unknown, key: ConfigKey, read: Set<string>): unknown {
  if (key.kind !== 'section' || typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]): [string, unknown] => {
    const child = key.children.get(name);
    return [name, child ? noted(inner, child, read) : inner];
  });
  let copied: PropertyKey | undefined;
  return new Proxy(Object.fromEntries(entries), {
    getOwnPropertyDescriptor(target, name) {
      copied = name;
      return Reflect.getOwnPropertyDescriptor(target, name);
    },
    get(target, name) {
      // `{ ...section }` looks at the descriptor of each key and then reads it. A copy of the settings of balancing is
      // complete by its type (test/config/config-model.test.ts).
      if (copied !== name || key.path === 'balancing') {
        const path = key.path === '' ? String(name) : `${key.path}.${String(name)}`;
        read.add(path);
      }
      copied = undefined;
      return Reflect.get(target, name) as unknown;
    },
  });
}

const certificates = `${import.meta.dirname}/../dns/forward/fixtures`;

/** A configuration that has every key. */
function complete(): string {
  writeFileSync(ground.path('ca.pem'), rootCertificates[0] ?? '');
  writeFileSync(ground.path('tlds.txt'), '# Version 1\nCOM\nORG\n');
  writeFileSync(ground.path('web.ctmpl'), 'no engine is waited for');
  writeFileSync(ground.path('compose.yml'), 'web: { health_check: { port: 81 } }\n');
  return `
state: ${ground.path('state')}
host: { name: alpha, address: 192.0.2.10 }
dns:
  listen: ["127.0.0.1:0"]
  upstreams: ["192.0.2.53"]
  upstreamCa: ${ground.path('ca.pem')}
  rebindProtection: { allow: [corp.example] }
  allow: ["127.0.0.0/8"]
  queryLog: { sample: 2 }
  native: off
  nsid: here
  topLevelDomains: ${ground.path('tlds.txt')}
sources:
  file: { path: ${ground.path('services.yaml')} }
  docker: { socket: ${ground.path('no-engine.sock')} }
  consul: { address: 'http://127.0.0.1:1', token: t, datacenter: dc2 }
publishers: { consul: { address: 'http://127.0.0.1:1', token: t, network: front } }
vip: { pool: 127.43.0.0/16, native: off }
health:
  defaults: { elsewhere: { port: 80 } }
  rancherCompose: { other: ${ground.path('compose.yml')} }
api:
  listen: ["unix:${ground.path('api.sock')}"]
  tls: { certificate: ${certificates}/address.pem, key: ${certificates}/server.key }
  tokens: true
  hosts: [fairlead.example]
render:
  exec: { command: 'true', restart: never }
  keys: ${ground.directory}
  templates: [{ source: ${ground.path('web.ctmpl')}, destination: ${ground.path('web.conf')} }]
`;
}

describe('the configuration', () => {
  it('has no key that the daemon does not read', async () => {
    writeFileSync(
      ground.path('services.yaml'),
      'stacks: { shop: { services: { web: { ports: [80/tcp], tasks: [{ name: w1, ip: 127.0.0.9 }] } } } }\n',
    );
    const loaded = parseConfigText(complete(), { cwd: ground.directory, read: readText });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const read = new Set<string>();
    const config = noted(loaded.config, configKeys(), read) as Config;
    createLog(config.log);
    const daemon = new Daemon({ ...loaded, config }, silentLog);
    ground.running.push(daemon);
    await daemon.start();
    await vi.waitFor(() => expect(daemon.catalog.snapshot.serviceCount).toBe(1));
    // The program starts once the template is rendered.
    await expect.poll(() => [...read]).toContain('render.exec.environment.custom');
    const leaves = allKeys().filter(({ kind }) => kind !== 'section');
    const unread = leaves.map(({ path }) => path).filter((path) => !read.has(path));
    expect(unread).toEqual(READ_BY_THE_LOADER);
  });

  it('defines the checks of its health section', () => {
    const loaded = parseConfigText(complete(), { cwd: ground.directory, read: readText });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
    const { services, defaults } = loaded.checks;
    expect(defaults.get('elsewhere')).toMatchObject([{ check: { port: 80 } }]);
    expect(services.get('other')?.get('web')).toMatchObject({ port: 81 });
  });
});
