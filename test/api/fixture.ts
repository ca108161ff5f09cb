import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, type Packet } from 'dns-packet';
import type { DaemonStatus, Explanation, NameService, QueryResult } from '../../src/api/ports.js';
import { createApiServer, type ApiServer, type ApiServerOptions } from '../../src/api/server.js';
import { Catalog, type FactSink, type TaskFact } from '../../src/catalog/index.js';

/** 2026-11-21T00:00:00Z: the daemon's clock in these tests. */
export const NOW = Date.UTC(2026, 10, 21);

export const CONTAINER_ID = '4f1c2b3a5d6e'.padEnd(64, '0');

export function task(
  id: string,
  name: string,
  ip: string | undefined,
  more: Partial<TaskFact> = {},
  ofService = true,
): TaskFact {
  return {
    id,
    name,
    names: [name.toLowerCase()],
    environment: 'default',
    stack: 'shop',
    ...(ofService ? { service: { environment: 'default', stack: 'shop', service: 'web' } } : {}),
    health: 'healthy',
    endpoints: ip === undefined ? [] : [{ network: 'net1', ip }],
    ports: [{ port: 80, protocol: 'tcp', target: 80 }],
    labels: {},
    links: {},
    weight: 1,
    expose: false,
    startedAt: NOW - 192_000,
    ...more,
  };
}

export const FACTS = {
  tasks: [
    task(CONTAINER_ID, 'shop_web_1', '10.42.0.11'),
    task('4f1c99999999'.padEnd(64, '0'), 'shop_web_2', '10.42.0.12', {
      health: 'unhealthy',
      reason: 'port 80 refused',
    }),
    task('file:shop/web/old', 'shop_web_old', undefined, { health: 'stopped' }),
    task('77aa00000000'.padEnd(64, '0'), 'Batch_1', '10.42.0.30', { stack: 'default' }, false),
  ],
  services: [
    {
      environment: 'default',
      stack: 'shop',
      service: 'crm',
      kind: 'external' as const,
      hostname: 'crm.example.org',
    },
    {
      environment: 'default',
      stack: 'shop',
      service: 'front',
      kind: 'alias' as const,
      aliasOf: [{ environment: 'default', stack: 'shop', service: 'web' }],
    },
  ],
  networks: [
    {
      id: 'net1',
      name: 'shop_default',
      driver: 'bridge',
      internal: false,
      subnets: ['10.42.0.0/24'],
      gateways: [],
    },
  ],
  problems: [
    {
      code: 'label-invalid',
      subject: 'container bad_1',
      message: 'container bad_1: label fairlead.service "a b" is no DNS label; rename it',
    },
  ],
};

export const STATUS: DaemonStatus = {
  version: '0.1.0',
  pid: 4242,
  node: '20.19.0',
  startedAt: NOW - 3_600_000,
  domain: 'rancher.internal',
  environment: 'default',
  config: { path: '/etc/fairlead/fairlead.yaml', hash: 'abc123', loadedAt: NOW - 3_600_000 },
  dns: {
    listen: ['169.254.169.250:53'],
    ready: true,
    upstreams: ['192.0.2.53:53'],
    forwarding: {
      routes: [
        { suffix: '.', upstreams: [{ address: '192.0.2.53:53', up: true, failures: 0 }] },
        {
          suffix: 'corp.example',
          upstreams: [
            {
              address: 'tls://192.0.2.54:853#dns.example',
              up: false,
              failures: 3,
              lastError: 'ECONNREFUSED',
            },
          ],
        },
        { suffix: 'lan', upstreams: [] },
      ],
      flights: 1,
      joined: 0,
      failures: 0,
      overloads: 0,
      filtered: 0,
      cache: { hits: 7, misses: 1, stale: 0, prefetches: 0, bytes: 200 },
    },
    counters: {
      queries: { A: 3, AAAA: 1 },
      replies: { NOERROR: 3, NXDOMAIN: 1 },
      dropped: { short: 0, policy: 2 },
      packets: { udp: 6, tcp: 0 },
      truncated: 0,
      forwarded: 1,
      loops: 0,
      cookies: { new: 0, valid: 0, invalid: 0 },
      slipped: 0,
      overloads: 0,
      faults: 0,
    },
  },
};

export function dnsMessage(packet: Packet = {}): Uint8Array {
  return encode({
    type: 'response',
    id: 7,
    flags: 0x0580,
    questions: [{ name: 'web.shop.rancher.internal', type: 'A' }],
    answers: [{ name: 'web.shop.rancher.internal', type: 'A', ttl: 1, data: '10.42.0.11' }],
    ...packet,
  });
}

/** Answers every question with one message, and keeps what it was asked. */
export class FakeNames implements NameService {
  readonly asked: (string | undefined)[][] = [];
  message: Uint8Array | undefined = dnsMessage();
  failure: Error | undefined;

  query(name: string, type: string, as?: string): Promise<QueryResult> {
    this.asked.push([name, type, as]);
    if (this.failure) return Promise.reject(this.failure);
    const view = {
      environment: 'default',
      networks: 'all' as const,
      ...(as === undefined ? {} : { address: as }),
    };
    const { message } = this;
    const told = { rule: 'service.stack', ms: 0.25, view };
    return Promise.resolve(message ? { ...told, message, source: 'own' } : { ...told, source: 'none' });
  }

  explain(name: string, type: string, as?: string): Explanation {
    this.asked.push([name, type, as]);
    if (this.failure) throw this.failure;
    return {
      name,
      type,
      view: { environment: 'default', networks: ['net1'], ...(as === undefined ? {} : { address: as }) },
      steps: [
        { tried: 'container name', matched: false, why: 'no task has this name' },
        { tried: 'service.stack', matched: true, why: 'service web of stack shop' },
      ],
      rule: 'service.stack',
      rcode: 'NOERROR',
      tasks: [
        {
          id: CONTAINER_ID,
          name: 'shop_web_1',
          health: 'healthy',
          addresses: ['10.42.0.11'],
          in: true,
          why: 'healthy',
        },
        {
          id: '4f1c99999999',
          name: 'shop_web_2',
          health: 'unhealthy',
          reason: 'port 80 refused',
          addresses: ['10.42.0.12'],
          in: false,
          why: 'unhealthy',
        },
      ],
      answers: ['web.shop.rancher.internal. 1 IN A 10.42.0.11'],
    };
  }
}

export interface Fixture {
  readonly dir: string;
  readonly socket: string;
  readonly server: ApiServer;
  readonly catalog: Catalog;
  readonly sink: FactSink;
  readonly names: FakeNames;
  readonly logged: string[];
  readonly status: { current: DaemonStatus };
}

/** A catalog with {@link FACTS} behind a server on a unix socket in a directory of its own. */
export async function startApi(
  options: Partial<Pick<ApiServerOptions, 'listen' | 'limits'>> = {},
): Promise<Fixture> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-api-'));
  const socket = join(dir, 'run', 'fairlead.sock');
  const catalog = new Catalog({ clock: () => NOW });
  const sink = catalog.sink('docker');
  const names = new FakeNames();
  const logged: string[] = [];
  const status = { current: STATUS };
  const server = createApiServer({
    catalog,
    names,
    daemon: { status: () => status.current },
    log: {
      warn: (text) => logged.push(text),
      error: (text, error) => logged.push(`${text}: ${String(error)}`),
    },
    clock: () => NOW,
    listen: options.listen ?? [{ path: socket }],
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  try {
    await server.start();
  } catch (error) {
    rmSync(dir, { recursive: true });
    throw error;
  }
  return { dir, socket, server, catalog, sink, names, logged, status };
}

/** Puts {@link FACTS} into the catalog and says that they are live. */
export function load({ sink }: Pick<Fixture, 'sink'>): void {
  sink.replace(FACTS);
  sink.status({ state: 'live', asOf: NOW - 2000, detail: 'unix:///var/run/docker.sock' });
}

export async function stopApi({ server, dir }: Fixture): Promise<void> {
  await server.stop();
  rmSync(dir, { recursive: true, force: true });
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

/** One request over a unix socket or a loopback port, with any headers. */
export function ask(
  where: string | number,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const target = typeof where === 'string' ? { socketPath: where } : { host: '127.0.0.1', port: where };
    const outgoing = request({ ...target, path, method, agent: false, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const type = response.headers['content-type'] ?? '';
        const body =
          /json;/.test(type) && !/ndjson/.test(type) ? (JSON.parse(text) as Record<string, unknown>) : {};
        resolve({ status: response.statusCode ?? 0, type, text, body });
      });
    });
    outgoing.once('error', reject);
    outgoing.end();
  });
}
