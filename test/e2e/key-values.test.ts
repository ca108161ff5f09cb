import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ConsulKeyValues } from '../../src/key-values/consul-key-values.js';
import { parseConfigText, readText } from '../../src/config/load.js';
import { Daemon } from '../../src/daemon/daemon.js';
import { logTo } from '../../src/daemon/daemon-log.js';
import { describeKeyValues } from '../key-values/key-values-contract.js';
import { createConsul, type ConsulAgent } from './support/consul.js';

const encoded = (key: string) => key.split('/').map(encodeURIComponent).join('/');

async function putKey(consul: ConsulAgent, key: string, value: string): Promise<void> {
  const response = await fetch(`${consul.address}/v1/kv/${encoded(key)}`, { method: 'PUT', body: value });
  expect(await response.text()).toMatch(/^true/);
}

async function removeKey(consul: ConsulAgent, key: string): Promise<void> {
  await fetch(`${consul.address}/v1/kv/${encoded(key)}`, { method: 'DELETE' });
}

describeKeyValues('Consul itself', async () => {
  const consul = await createConsul();
  await consul.start();
  const store = new ConsulKeyValues({ address: consul.address }, { refill: 20 });
  return {
    store,
    put: (key, value) => putKey(consul, key, value),
    remove: (key) => removeKey(consul, key),
    away: () => consul.kill(),
    back: () => consul.start(),
    close: async () => {
      store.close();
      await consul.close();
    },
  };
});

let dir: string;
let consul: ConsulAgent;
const running: Daemon[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'fairlead-kv-'));
  consul = await createConsul();
  await consul.start();
});

afterAll(async () => {
  await Promise.all(running.map((daemon) => daemon.stop()));
  await consul.close();
  rmSync(dir, { recursive: true, force: true });
});

test('the daemon renders keys of the Consul that its publisher names, follows them, and keeps them while it is away', async () => {
  writeFileSync(
    join(dir, 'kv.ctmpl'),
    '{{key "app/port"}} {{keyOrDefault "app/none" "d"}} {{keyExists "app/port"}} {{range ls "app"}}{{.Key}}={{.Value}},{{end}} {{range tree "app"}}{{.Key}}={{.Value}},{{end}}',
  );
  const text = `
state: ${join(dir, 'state')}
dns: { listen: ["127.0.0.1:0"], upstreams: [], native: off }
sources: {}
publishers: { consul: { address: '${consul.address}' } }
vip: { pool: 127.43.0.0/16, native: off }
api: { listen: ["unix:${join(dir, 'api.sock')}"] }
render:
  wait: { min: 0s, max: 0s }
  templates: [{ source: ${join(dir, 'kv.ctmpl')}, destination: ${join(dir, 'kv.out')} }]
`;
  const loaded = parseConfigText(text, { cwd: dir, read: readText });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.errors));
  const daemon = new Daemon(loaded, logTo('error', { write: () => undefined }));
  running.push(daemon);
  await daemon.start();
  const content = () => {
    try {
      return readFileSync(join(dir, 'kv.out'), 'utf8');
    } catch {
      return undefined;
    }
  };
  // A key that is not there blocks the file, as in consul-template.
  await putKey(consul, 'app/deep/x', '1');
  await putKey(consul, 'app/port', '80');
  await expect.poll(content).toBe('80 d true port=80, deep/x=1,port=80,');
  await putKey(consul, 'app/none', 'there');
  await removeKey(consul, 'app/deep/x');
  await expect.poll(content).toBe('80 there true none=there,port=80, none=there,port=80,');
  await consul.kill();
  await consul.start();
  await putKey(consul, 'app/port', '81');
  await expect.poll(content).toBe('81 there true none=there,port=81, none=there,port=81,');
});
