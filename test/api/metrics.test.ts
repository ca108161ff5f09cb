import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Metric } from '../../src/api/metrics/exposition.js';
import type { TemplateJson } from '../../src/api/types/templates-json.js';
import { METRICS } from '../../tools/all-metrics.js';
import { STREAM_LIMITS } from '../../src/api/stream-limits.js';
import { parseExposition, type ParsedFamily } from './exposition-parser.js';
import {
  ask,
  CONTAINER_ID,
  FACTS,
  load,
  NOW,
  startApi,
  STATUS,
  stopApi,
  task,
  VIPS,
  type Fixture,
} from './fixture.js';

const TEMPLATE: TemplateJson = {
  source: 'a.tpl',
  destination: '/etc/a',
  state: 'failed',
  error: 'no such key',
  failures: 3,
  queries: [],
  missing: [],
};
const PUBLISHER = { name: 'consul', state: 'stale', asOf: NOW - 60_000, failures: 7 } as const;

let fixture: Fixture;
beforeEach(async () => {
  fixture = await startApi();
});
afterEach(() => stopApi(fixture));

async function scrape(query = ''): Promise<ReadonlyMap<string, ParsedFamily>> {
  const { status, type, text } = await ask(fixture.socket, `/metrics${query}`);
  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  return parseExposition(text);
}

/** The samples of a metric as `{label=value,...} value`. */
function told(families: ReadonlyMap<string, ParsedFamily>, name: string): string[] | undefined {
  return families.get(name)?.samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}=${text}`);
    return `${pairs.join(' ')} ${value}`.trim();
  });
}

describe('what is scraped', () => {
  it('is every metric, well formed, in an empty catalog and in a full one', async () => {
    const always = Object.keys(METRICS).filter((name) => !name.startsWith('fairlead_vip_task_'));
    expect([...(await scrape()).keys()]).toEqual(always);
    load(fixture);
    fixture.vips.list = VIPS;
    fixture.vips.carrier = { ...fixture.vips.carrier, maxFlows: 100, kernel: { services: 2 } };
    fixture.templates.current = [TEMPLATE];
    fixture.status.current = { ...STATUS, publishers: [PUBLISHER] };
    const full = await scrape('?tasks');
    expect([...full.keys()]).toEqual(Object.keys(METRICS));
    const empty = [...full].filter(([, { samples }]) => samples.length === 0).map(([name]) => name);
    // Two of FACTS' three tasks are as they should be, so that nothing is doubted.
    expect(empty).toEqual(['fairlead_service_panic']);
  });

  it.each<[string, string[]]>([
    ['process_cpu_seconds_total', ['1.5']],
    ['process_open_fds', ['21']],
    ['process_start_time_seconds', [String(NOW / 1000)]],
    ['fairlead_build_info', ['version=0.1.0 node=20.19.0 1']],
    ['fairlead_config_last_reload_successful', ['1']],
    [
      'fairlead_tasks',
      [
        'health=initializing 0',
        'health=healthy 2',
        'health=unhealthy 1',
        'health=reinitializing 0',
        'health=draining 0',
        'health=stopped 1',
      ],
    ],
    [
      'fairlead_service_tasks',
      [
        'service=web.shop health=healthy 1',
        'service=web.shop health=unhealthy 1',
        'service=web.shop health=stopped 1',
      ],
    ],
    ['fairlead_problems', ['code=label-invalid 1', 'code=vip-not-served 1']],
    [
      'fairlead_source_state',
      ['source=docker state=loading 0', 'source=docker state=live 1', 'source=docker state=stale 0'],
    ],
    ['fairlead_source_last_good_timestamp_seconds', [`source=docker ${NOW / 1000}`]],
    [
      'fairlead_checks',
      [
        'kind=ttl health=initializing 1',
        'kind=http health=unhealthy 1',
        'kind=tcp health=healthy 1',
        'kind=tcp health=stopped 1',
      ],
    ],
    [
      'fairlead_probes_total',
      ['kind=tcp result=passed 5', 'kind=tcp result=failed 2', 'kind=tcp result=local 1'],
    ],
    [
      'fairlead_probe_seconds',
      ['kind=tcp le=0.001 4', 'kind=tcp le=0.25 7', 'kind=tcp le=+Inf 8', 'kind=tcp 0.3125', 'kind=tcp 8'],
    ],
    ['fairlead_dns_packets_total', ['transport=udp 6', 'transport=tcp 0']],
    ['fairlead_dns_queries_total', ['type=A 3', 'type=AAAA 1']],
    ['fairlead_dns_replies_total', ['rcode=NOERROR 3', 'rcode=NXDOMAIN 1']],
    ['fairlead_dns_dropped_total', ['reason=short 0', 'reason=policy 2']],
    ['fairlead_dns_compiled_answers_total', ['source=own 3', 'source=cache 0']],
    // Six packets came one by one; four were answered within 16 us, which counts as 12, two later, which counts as 24.
    ['fairlead_dns_batch_size', ['le=1 6', 'le=2 6', 'le=+Inf 6', '6', '6']],
    ['fairlead_dns_reply_seconds', ['le=0.000008 0', 'le=0.000016 4', 'le=+Inf 6', '0.000096', '6']],
    [
      'fairlead_forward_upstream_up',
      [
        'suffix=. upstream=192.0.2.53:53 1',
        'suffix=corp.example upstream=tls://192.0.2.54:853#dns.example 0',
      ],
    ],
    ['fairlead_forward_cache_hits_total', ['7']],
    ['fairlead_source_failures_total', ['source=docker 5']],
    [
      'fairlead_publisher_state',
      ['publisher=consul state=loading 0', 'publisher=consul state=live 0', 'publisher=consul state=stale 1'],
    ],
    ['fairlead_publisher_last_good_timestamp_seconds', [`publisher=consul ${NOW / 1000 - 60}`]],
    ['fairlead_publisher_failures_total', ['publisher=consul 7']],
    ['fairlead_adoption_containers', ['state=adopted 0', 'state=not-wanted 2']],
    ['fairlead_templates', ['state=waiting 0', 'state=rendered 0', 'state=held 0', 'state=failed 1']],
    ['fairlead_template_failures', ['source=a.tpl destination=/etc/a 3']],
    ['fairlead_vip_thread_restarts_total', ['2']],
    ['fairlead_vip_plane', ['plane=proxy 1']],
    ['fairlead_vip_ports', ['state=up 1', 'state=empty 0', 'state=down 1']],
    ['fairlead_vip_state', ['service=web.shop vip=10.43.7.1 port=53 protocol=udp state=down 1']],
    ['fairlead_vip_connections_total', ['service=web.shop vip=10.43.7.1 port=80 protocol=tcp 120']],
    [
      'fairlead_vip_connect_seconds',
      ['le=0.0005 100', 'le=0.01 115', 'le=+Inf 118', '0.24', '118'].map(
        (end) => `service=web.shop vip=10.43.7.1 port=80 protocol=tcp ${end}`,
      ),
    ],
    ['fairlead_vip_sent_bytes_total', ['service=web.shop vip=10.43.7.1 port=80 protocol=tcp 5000000']],
    [
      'fairlead_vip_task_connections_total',
      [
        `service=web.shop vip=10.43.7.1 port=80 protocol=tcp task=shop_web_1 id=${CONTAINER_ID} 118`,
        expect.stringMatching(/ task=shop_web_2 id=4f1c99999999\d* 2$/) as string,
      ],
    ],
  ])('has %s', async (name, expected) => {
    load(fixture);
    fixture.vips.list = VIPS;
    fixture.vips.carrier = { ...fixture.vips.carrier, restarts: 2, lastError: 'out of memory' };
    fixture.templates.current = [TEMPLATE];
    fixture.status.current = { ...STATUS, sourceFailures: { docker: 5 }, publishers: [PUBLISHER] };
    expect(told(await scrape('?tasks'), name)).toEqual(expected);
  });

  it('names the services in panic, and the environment of those that are not in the daemon’s own', async () => {
    const sick = { health: 'unhealthy' as const };
    const there = { environment: 'test', stack: 'shop', service: 'web' };
    fixture.sink.replace({
      tasks: [
        task('a', 'a', '10.42.0.1', sick),
        task('b', 'b', '10.42.0.2', sick),
        task('c', 'c', '10.42.1.1', { ...sick, environment: 'test', service: there }),
        task('d', 'd', '10.42.2.1', { service: { environment: 'default', stack: 'shop', service: 'good' } }),
      ],
    });
    const families = await scrape();
    expect(told(families, 'fairlead_services_in_panic')).toEqual(['2']);
    expect(told(families, 'fairlead_service_panic')?.sort()).toEqual([
      'service=web.shop 1',
      'service=web.shop environment=test 1',
    ]);
    // It says how many are healthy even when none is.
    expect(told(families, 'fairlead_service_tasks')).toContain('service=web.shop health=healthy 0');
    fixture.sink.replace({ tasks: [task('a', 'a', '10.42.0.1'), task('b', 'b', '10.42.0.2', sick)] });
    expect(told(await scrape(), 'fairlead_service_panic')).toEqual([]);
  });

  it('reports the age of an unreachable source, but not of one that has yet to report', async () => {
    expect(told(await scrape(), 'fairlead_source_last_good_timestamp_seconds')).toEqual([]);
    fixture.sink.replace(FACTS);
    fixture.sink.status({ state: 'stale', asOf: NOW - 60_000, error: 'the engine is away' });
    const families = await scrape();
    expect(told(families, 'fairlead_source_last_good_timestamp_seconds')).toEqual([
      `source=docker ${NOW / 1000 - 60}`,
    ]);
    expect(told(families, 'fairlead_source_state')).toContain('source=docker state=stale 1');
  });

  it('has no counters for an unused virtual IP', async () => {
    load(fixture);
    fixture.vips.list = VIPS.map((vip) => ({ ...vip, active: 0, total: 0, refused: 0, failed: 0 }));
    expect(told(await scrape(), 'fairlead_vip_connections_total')).toEqual([]);
  });
});

describe('the route', () => {
  it('accepts no other parameter', async () => {
    expect(await ask(fixture.socket, '/metrics?task')).toMatchObject({ status: 400 });
  });

  /** Clients that take the beginning of an answer and nothing more; it is too long for the buffers of a socket. */
  const deaf = async (count: number): Promise<readonly Socket[]> => {
    const many = Array.from({ length: 4000 }, (_, i) =>
      task(`t${i}`, `t${i}`, '10.42.0.1', {
        health: 'unhealthy',
        service: { environment: 'default', stack: 'shop', service: `service-with-a-long-name-${i}` },
      }),
    );
    fixture.sink.replace({ tasks: many });
    const sockets = Array.from({ length: count }, () => {
      const socket = connect(fixture.socket);
      socket.on('error', () => undefined);
      socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
      return socket;
    });
    // Another scrape that came before these were let in would take the place of one.
    const begun = async (socket: Socket) => {
      const [piece] = (await once(socket, 'data')) as [Buffer];
      socket.pause();
      expect(piece.toString()).toMatch(/^HTTP\/1\.1 200 /);
    };
    await Promise.all(sockets.map(begun));
    return sockets;
  };
  const isFull = async () => {
    const { status, body } = await ask(fixture.socket, '/metrics');
    expect([status, body['code']]).toEqual([503, 'too-many-streams']);
  };
  const isFree = async () => expect((await ask(fixture.socket, '/metrics')).status).toBe(200);

  it('serves a limited number of clients at a time, and forgets one that goes away', async () => {
    await stopApi(fixture);
    fixture = await startApi({ limits: { ...STREAM_LIMITS, stallMs: 600_000 } });
    const sockets = await deaf(STREAM_LIMITS.maxScrapes);
    await isFull();
    sockets[0]?.destroy();
    await vi.waitFor(isFree);
    for (const socket of sockets) socket.destroy();
  });

  it('drops a client that does not read', async () => {
    await stopApi(fixture);
    fixture = await startApi({ limits: { ...STREAM_LIMITS, maxScrapes: 1, stallMs: 500 } });
    const [socket] = await deaf(1);
    if (!socket) throw new Error('no client');
    await vi.waitFor(isFree);
    let last = '';
    socket.on('data', (piece: Buffer) => (last = piece.toString().slice(-5)));
    const closed = once(socket, 'close');
    socket.resume();
    await closed;
    expect(last).not.toBe('0\r\n\r\n');
  });
});

describe('OpenMetrics', () => {
  const accept = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3';

  it('is written for those who ask for it: counters without _total in their heads, and an end', async () => {
    load(fixture);
    const { type, text } = await ask(fixture.socket, '/metrics', { headers: { accept } });
    expect(type).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
    expect(text).toMatch(/\n# EOF\n$/);
    expect(text.match(/# EOF/g)).toHaveLength(1);
    expect(text).toContain(
      '\n# TYPE fairlead_dns_packets counter\nfairlead_dns_packets_total{transport="udp"} 6\n',
    );
    expect(text).not.toMatch(/^# (HELP|TYPE) \S+_total /m);
    // Everything else is the same.
    const plain = (await ask(fixture.socket, '/metrics')).text;
    const samples = (from: string) => from.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(samples(text)).toEqual(samples(plain));
    const head = await ask(fixture.socket, '/metrics', { method: 'HEAD', headers: { accept } });
    expect(head.type).toBe(type);
  });
});

it('shows times, and when a source last spoke', async () => {
  load(fixture);
  const families = await scrape();
  expect(told(families, 'fairlead_event_loop_late_seconds')).toEqual([
    'le=0.001 3',
    'le=0.01 5',
    'le=+Inf 6',
    '0.04',
    '6',
  ]);
  expect(told(families, 'fairlead_dns_change_seconds')?.at(-1)).toBe('6');
  expect(told(families, 'fairlead_forward_upstream_seconds')).toContain(
    'suffix=. upstream=192.0.2.53:53 0.04',
  );
  expect(told(families, 'fairlead_source_last_event_timestamp_seconds')).toEqual([
    `source=docker ${String((NOW - 4000) / 1000)}`,
  ]);
});

describe('the metrics', () => {
  it('have the names that Prometheus’s rules require', () => {
    for (const [name, { type }] of Object.entries<Metric>(METRICS)) {
      expect(name).toMatch(/^(fairlead|process)_[a-z_]+$/);
      expect([name, type === 'counter']).toEqual([name, name.endsWith('_total')]);
      expect(name).not.toMatch(/_(ms|us|milliseconds|kib|mib|percent)(_|$)/);
    }
  });

  it('are those listed in docs/metrics.md', () => {
    const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const rows = page
      .split('\n')
      .filter((line) => /^\| `(fairlead|process)_/.test(line))
      .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| |`| \|$/g, '').trim()));
    const table = Object.entries<Metric>(METRICS).map(([name, { type, labels, help }]) => [
      name,
      type,
      labels.join(', '),
      help.replaceAll('`', ''),
    ]);
    expect(rows.map((cells) => cells.slice(0, 4))).toEqual(table);
    expect(rows.filter((cells) => cells.length !== 5)).toEqual([]);
  });
});
