import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode, type Packet } from 'dns-packet';
import type { CheckCounts, CheckRow } from '../../src/catalog/checks.js';
import type {
  AdoptionPort,
  AuditEntry,
  DaemonStatus,
  HealthPort,
  HistoryPort,
  NameService,
  ProcessPort,
  QueriesPort,
  QueryResult,
  QuerySeen,
  VipPort,
  VirtualServiceInfo,
} from '../../src/api/ports.js';
import type { DrainMark } from '../../src/catalog/health-overlay.js';
import type { AdoptionJson, AdoptionStatusJson } from '../../src/api/types/adoption.js';
import type { TemplateJson } from '../../src/api/types/templates-json.js';
import type { ExplainJson } from '../../src/api/types/query-json.js';
import { asError } from '../../src/net/error-message.js';
import type { PlaneFigures, VipStatus } from '../../src/net/vip-figures.js';
import { createApiServer, type ApiServerOptions } from '../../src/api/api-server.js';
import type { FaceServer } from '../../src/api/face-server.js';
import { Catalog } from '../../src/catalog/catalog.js';
import type { FactSink, TaskFact } from '../../src/catalog/facts.js';
import type { Problem } from '../../src/catalog/model.js';
import type { HistoryRead, HistorySeries, HistoryWishes } from '../../src/net/history-figures.js';
import { MemoryStore } from './memory-store.js';
import { checkAnswer } from './answer-check.js';
import { recordedLog } from '../support/recorded-log.js';

/** 2026-11-21T00:00:00Z: the daemon's clock in these tests. */
export const NOW = Date.UTC(2026, 10, 21);

export const CONTAINER_ID = '4f1c2b3a5d6e'.padEnd(64, '0');
export const UNHEALTHY_ID = '4f1c99999999'.padEnd(64, '0');

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
    task(UNHEALTHY_ID, 'shop_web_2', '10.42.0.12', {
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

const TIMES = { bounds: [1, 10], counts: [3, 2, 1], sum: 40 };

export const STATUS: DaemonStatus = {
  version: '0.1.0',
  pid: 4242,
  node: '20.19.0',
  startedAt: NOW - 3_600_000,
  domain: 'rancher.internal',
  environment: 'default',
  host: { id: 'host-1', name: 'alpha', address: '192.0.2.1', datacenter: 'dc1' },
  internalErrors: 0,
  capabilities: ['NET_BIND_SERVICE', 'NET_ADMIN'],
  sourceFailures: { docker: 0 },
  sourceEvents: { docker: NOW - 4000 },
  eventLoop: TIMES,
  publishers: [],
  state: { directory: '/var/lib/fairlead', writtenAt: NOW - 60_000, failures: 0 },
  config: { path: '/etc/fairlead/fairlead.yaml', hash: 'abc123', loadedAt: NOW - 3_600_000 },
  dns: {
    listen: ['169.254.169.250:53'],
    ready: true,
    upstreams: ['192.0.2.53:53'],
    forwarding: {
      routes: [
        { suffix: '.', upstreams: [{ address: '192.0.2.53:53', up: true, failures: 0, times: TIMES }] },
        {
          suffix: 'corp.example',
          upstreams: [
            {
              address: 'tls://192.0.2.54:853#dns.example',
              up: false,
              failures: 3,
              lastError: 'ECONNREFUSED',
              times: TIMES,
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
    answering: {
      backend: 'native',
      threads: 1,
      restarts: 2,
      lastError: 'out of memory',
      own: 3,
      upstream: 0,
      misses: 3,
      sendErrors: 0,
      batchSizes: { bounds: [1, 2], counts: [6, 0, 0] },
      times: { bounds: [8, 16], counts: [0, 4, 2] },
    },
    zones: { denied: ['invalid', 'local', '10.in-addr.arpa'], opened: ['corp.local'] },
    changes: TIMES,
    transport: { udpSendErrors: 0, udpSocketErrors: 0, tcpConnections: 0, tcpRefused: 0 },
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

  async explain(name: string, type: string, as?: string): Promise<ExplainJson> {
    this.asked.push([name, type, as]);
    if (this.failure) throw this.failure;
    return await Promise.resolve({
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
    });
  }
}

/** The checks of three of {@link FACTS}: healthy, failing, and one that waits for beats. */
export const CHECKS: readonly CheckRow[] = [
  {
    task: '77aa00000000'.padEnd(64, '0'),
    kind: 'ttl',
    check: 'ttl 10 s',
    interval: 10_000,
    from: 'label fairlead.health.type',
    health: 'initializing',
    since: NOW - 5000,
    passes: 0,
    failures: 0,
    rise: 2,
    fall: 3,
    next: NOW + 5000,
  },
  {
    task: UNHEALTHY_ID,
    kind: 'http',
    check: 'http 10.42.0.12:80/healthz',
    interval: 1500,
    from: 'rancher-compose.yml:7:5',
    health: 'unhealthy',
    since: NOW - 192_000,
    passes: 1,
    failures: 0,
    rise: 2,
    fall: 3,
    last: { ok: true, detail: 'HTTP 200', at: NOW - 1000, took: 3.1 },
    next: NOW + 1000,
    heldUntil: NOW + 20_000,
  },
  {
    task: CONTAINER_ID,
    kind: 'tcp',
    check: 'tcp 10.42.0.11:80',
    interval: 2000,
    from: 'label fairlead.health.port',
    health: 'healthy',
    since: NOW - 3_600_000,
    passes: 0,
    failures: 2,
    rise: 2,
    fall: 3,
    last: { ok: false, detail: 'ECONNREFUSED', at: NOW - 1200, took: 0.4 },
    next: NOW + 800,
  },
  {
    // The catalog has no such task any more.
    task: 'gone',
    kind: 'tcp',
    check: 'tcp 10.42.0.99:80',
    from: 'label fairlead.health.port',
    health: 'stopped',
    since: NOW,
    passes: 0,
    failures: 0,
    rise: 2,
    fall: 3,
  },
];

/** Checks as they are set here, and drains as they are asked for. */
export class FakeHealth implements HealthPort {
  checks: readonly CheckRow[] = CHECKS;
  readonly marks = new Map<string, DrainMark>();
  /** What it was asked to do. */
  readonly asked: unknown[][] = [];

  rows(): Iterable<CheckRow> {
    return this.checks;
  }

  counts(): CheckCounts {
    const times = (...counts: number[]) => ({ bounds: [1, 250], counts, sum: 312.5 });
    return {
      tasks: this.checks.map(({ kind, health }) => ({ kind, health, count: 1 })),
      probes: [{ kind: 'tcp', passed: 5, failed: 2, local: 1, took: times(4, 3, 1) }],
      late: times(7, 1, 0),
      running: 2,
      waiting: 0,
    };
  }

  beat(task: string, ok: boolean, note: string): 'taken' | 'no-task' | 'not-ttl' {
    const row = this.checks.find((each) => each.task === task);
    if (row?.kind === 'ttl') this.asked.push(['beat', task, ok, note]);
    return row === undefined ? 'no-task' : row.kind === 'ttl' ? 'taken' : 'not-ttl';
  }

  checkNow(task: string): boolean {
    this.asked.push(['check', task]);
    return this.checks.some((each) => each.task === task);
  }

  drain(target: DrainMark['target'], options: { readonly until?: number; readonly note?: string }): boolean {
    this.asked.push(['drain', target, options]);
    this.marks.set(JSON.stringify(target), { target, at: NOW, ...options });
    return true;
  }

  undrain(target: DrainMark['target']): boolean {
    return this.marks.delete(JSON.stringify(target));
  }

  /** Why drains cannot be saved. */
  unsaved: string | undefined;

  drainsSaved(): Promise<void> {
    this.asked.push(['saved']);
    return this.unsaved === undefined ? Promise.resolve() : Promise.reject(new Error(this.unsaved));
  }

  drains(): readonly DrainMark[] {
    return [...this.marks.values()];
  }
}

/** Two ports of web.shop: one that is carried, and one that cannot be. */
export const VIPS: readonly VirtualServiceInfo[] = [
  {
    service: 'default/shop/web',
    vip: '10.43.7.1',
    port: 80,
    protocol: 'tcp',
    scheduler: 'wrr',
    settings: {
      maxConnections: 100,
      maxPerClient: 20,
      affinity: 600,
      proxyProtocol: 'v2',
      acceptProxy: true,
    },
    state: 'up',
    ...{ active: 3, total: 120, bytesIn: 2048, bytesOut: 5_000_000, refused: 1, failed: 2, retried: 4 },
    connects: { bounds: [0.5, 10], counts: [100, 15, 3], sum: 240 },
    tasks: [
      {
        task: CONTAINER_ID,
        name: 'shop_web_1',
        address: '10.42.0.11:80',
        weight: 1,
        state: 'active',
        ...{ active: 3, total: 118, bytesIn: 2000, bytesOut: 4_999_000, errors: 0 },
      },
      {
        task: UNHEALTHY_ID,
        name: 'shop_web_2',
        address: '10.42.0.12:80',
        weight: 1,
        maxConnections: 10,
        state: 'draining',
        ...{ active: 0, total: 2, bytesIn: 48, bytesOut: 1000, errors: 4 },
      },
    ],
  },
  {
    service: 'default/shop/web',
    vip: '10.43.7.1',
    port: 53,
    protocol: 'udp',
    scheduler: 'wrr',
    state: 'down',
    problem: 'service default/shop/web: cannot serve 10.43.7.1:53/udp: the port is in use',
    ...{ active: 0, total: 0, bytesIn: 0, bytesOut: 0, refused: 0, failed: 0, retried: 0 },
    tasks: [],
  },
];

export class FakeVips implements VipPort {
  list: readonly VirtualServiceInfo[] = [];
  told: Omit<VipStatus, 'carrier'> = { plane: 'proxy', pool: '10.43.0.0/16', services: 0 };
  carrier: PlaneFigures = { threads: 1, restarts: 0, flows: 3, descriptors: 8, maxDescriptors: 1000 };

  status(): VipStatus {
    return { ...this.told, carrier: this.carrier };
  }

  problems(): readonly Problem[] {
    return this.list.flatMap(({ problem, vip, port, protocol }) =>
      problem === undefined
        ? []
        : [{ code: 'vip-not-served', subject: `virtual IP ${vip}:${port}/${protocol}`, message: problem }],
    );
  }

  services(): Promise<Iterable<VirtualServiceInfo>> {
    return Promise.resolve(this.list);
  }
}

/** Two containers of one stack, which follow what is chosen for them. */
export class FakeAdoption implements AdoptionPort {
  choices: unknown[] = [];
  list: readonly AdoptionJson[] = ['shop_web_1', 'shop_db_1'].map((name) => ({
    ...{ id: name, name, stack: 'shop', adopted: false, code: 'not-wanted', why: 'it was not selected' },
    server: '127.0.0.11',
  }));

  containers(): readonly AdoptionJson[] {
    return this.list;
  }

  status(): AdoptionStatusJson {
    return { adopted: 0, left: { 'not-wanted': this.list.length }, problems: [] };
  }

  choose(choice: 'adopt' | 'release', stack: string | undefined): readonly AdoptionJson[] {
    this.choices.push([choice, stack]);
    return this.list.map((each) => ({ ...each, adopted: choice === 'adopt' }));
  }
}

/** Queries as the test has them seen. */
export class FakeQueries implements QueriesPort {
  readonly followers = new Set<Parameters<QueriesPort['follow']>[0]>();
  /** What those who begin to look see at once. */
  first: readonly QuerySeen[] = [];
  oneOf = 1;

  follow(follower: Parameters<QueriesPort['follow']>[0]): () => void {
    this.followers.add(follower);
    follower({ oneOf: this.oneOf, missed: 0, queries: this.first });
    return () => this.followers.delete(follower);
  }

  see(...queries: readonly QuerySeen[]): void {
    for (const follower of this.followers) follower({ oneOf: this.oneOf, missed: 0, queries });
  }
}

/** One step of two figures of everything. */
export class FakeHistory implements HistoryPort {
  readonly asked: HistoryWishes[] = [];
  series: readonly HistorySeries[] = [
    { figure: 'queries', values: [1.5, null] },
    ...['shop', 'other'].map((stack) => ({
      figure: 'open' as const,
      of: {
        name: `web.${stack}`,
        environment: 'default',
        stack,
        service: 'web',
        port: 80,
        protocol: 'tcp' as const,
      },
      values: [3],
    })),
  ];

  read(wanted: HistoryWishes): HistoryRead {
    this.asked.push(wanted);
    const series = this.series.filter(({ of }) =>
      of ? wanted.kind !== 'daemon' && wanted.fits(of) : wanted.kind === 'daemon',
    );
    return { stepMs: 5000, end: NOW, left: 0, series };
  }
}

/** A query of web.shop's first task for a name of the domain. */
export const QUERY: QuerySeen = {
  at: NOW,
  client: '10.42.0.11',
  transport: 'udp',
  name: 'db.shop.rancher.internal.',
  type: 'A',
  rcode: 'NOERROR',
  answers: ['10.42.0.12'],
  by: 'own',
  us: 12,
  oneOf: 1,
};

export const fakeProcess: ProcessPort = {
  figures: () =>
    Promise.resolve({ cpuSeconds: 1.5, residentBytes: 5e7, startedAt: NOW, openFds: 21, maxFds: 1024 }),
};

export interface Fixture {
  readonly dir: string;
  readonly socket: string;
  readonly server: FaceServer;
  readonly catalog: Catalog;
  readonly sink: FactSink;
  readonly names: FakeNames;
  readonly health: FakeHealth;
  readonly vips: FakeVips;
  readonly adoption: FakeAdoption;
  readonly templates: { current: readonly TemplateJson[] };
  readonly queries: FakeQueries;
  readonly history: FakeHistory;
  /** What clients have done. */
  readonly audited: AuditEntry[];
  readonly store: MemoryStore;
  /** The daemon's clock. */
  readonly clock: { now: number };
  readonly logged: string[];
  readonly status: { current: DaemonStatus; problems: Problem[]; unanswered: string[] };
  /** What a request for a reload does. */
  readonly reload: { run: () => void };
  /** What a request for a restart does. */
  readonly restart: { run: () => void };
}

/** A catalog with {@link FACTS} behind a server on a unix socket in a directory of its own. */
export async function startApi(
  options: Partial<Pick<ApiServerOptions, 'listen' | 'limits' | 'templates' | 'timers'>> & {
    readonly access?: Partial<ApiServerOptions['access']>;
    /** Listen on a port of loopback, too. */
    readonly tcp?: boolean;
  } = {},
): Promise<Fixture> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-api-'));
  const socket = join(dir, 'run', 'fairlead.sock');
  const catalog = new Catalog({ clock: () => NOW });
  const sink = catalog.sink('docker');
  const names = new FakeNames();
  const health = new FakeHealth();
  const vips = new FakeVips();
  const adoption = new FakeAdoption();
  const queries = new FakeQueries();
  const history = new FakeHistory();
  const audited: AuditEntry[] = [];
  const store = new MemoryStore();
  const clock = { now: NOW };
  const logged: string[] = [];
  const status = { current: STATUS, problems: [] as Problem[], unanswered: [] as string[] };
  const templates: Fixture['templates'] = { current: [] };
  const reload: Fixture['reload'] = { run: () => undefined };
  const restart: Fixture['restart'] = { run: () => undefined };
  const server = createApiServer({
    catalog,
    names,
    health,
    vips,
    adoption,
    daemon: {
      identity: () => status.current,
      status: () => status.current,
      problems: () => status.problems,
      unanswered: () => Promise.resolve(status.unanswered),
      requestReload: () => reload.run(),
      requestRestart: () => restart.run(),
    },
    templates: options.templates ?? { list: () => templates.current, program: () => undefined },
    queries,
    history,
    audit: (entry) => audited.push(entry),
    access: { store, needsTokens: false, hosts: [], ...options.access },
    process: fakeProcess,
    log: recordedLog(logged),
    clock: () => clock.now,
    listen: options.listen ?? [{ path: socket }, ...(options.tcp ? [{ ip: '127.0.0.1', port: 0 }] : [])],
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.timers && { timers: options.timers }),
  });
  try {
    await server.start();
  } catch (error) {
    rmSync(dir, { recursive: true });
    throw error;
  }
  return {
    dir,
    socket,
    server,
    catalog,
    sink,
    names,
    health,
    vips,
    adoption,
    templates,
    queries,
    history,
    audited,
    store,
    clock,
    logged,
    status,
    reload,
    restart,
  };
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

/** One request over a unix socket or a loopback port, with any headers. The schemas must know the answer. */
export function ask(
  where: string | number,
  path: string,
  {
    method = 'GET',
    headers = {},
    body,
  }: { method?: string; headers?: Record<string, string>; body?: string } = {},
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
        const answer = { status: response.statusCode ?? 0, type, text, body };
        try {
          checkAnswer(method, path, answer);
          resolve(answer);
        } catch (error) {
          reject(asError(error));
        }
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
