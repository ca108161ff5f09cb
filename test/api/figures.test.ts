import { expect, expectTypeOf, it } from 'vitest';
import type { Metric } from '../../src/api/metrics/exposition.js';
import type { StatusJson } from '../../src/api/types/status-json.js';
import type { CacheCounters } from '../../src/dns/forward/cache.js';
import type { ForwarderCounters } from '../../src/dns/forward/forwarder.js';
import type { DnsCounters } from '../../src/dns/server/counters.js';
import type { TransportCounters } from '../../src/dns/server/dns-server.js';
import type { Health } from '../../src/catalog/model.js';
import type { StateStatus } from '../../src/state/state-keeper.js';
import type { DaemonStatus } from '../../src/api/ports.js';
import { METRICS } from '../../tools/all-metrics.js';
import { parseExposition, type ParsedFamily } from './exposition-parser.js';
import { ask, load, startApi, STATUS, stopApi, VIPS, type Fixture } from './fixture.js';

type Below<Path extends string, Key extends string> = Path extends '' ? Key : `${Path}.${Key}`;

/** Where numbers stand in a type: `dns.counters.forwarded`; `[]` is any item, `*` any key of a map. */
type Figure<T, Path extends string = ''> = T extends number
  ? Path
  : T extends string | boolean | undefined
    ? never
    : T extends readonly (infer Item)[]
      ? Figure<Item, `${Path}[]`>
      : string extends keyof T
        ? Figure<NonNullable<T[keyof T]>, `${Path}.*`>
        : Health extends keyof T
          ? `${Path}.*`
          : {
              [Key in keyof T & string]-?: Figure<NonNullable<T[Key]>, Below<Path, Key>>;
            }[keyof T & string];

/** A number that no metric of its own shows, and why. */
const not = (why: string) => ({ why });
const HISTOGRAM = not('part of the histogram that shows its counts');

/**
 * The metric of each number in the status. It does not compile without one for every number that the type has, so a
 * counter that reaches the status cannot be forgotten here; the tests below hold the values against each other.
 */
const METRIC_OF = {
  pid: not('it counts nothing'),
  internalErrors: 'fairlead_internal_errors_total',
  'state.failures': 'fairlead_state_write_failures_total',
  'dns.forwarding.routes[].upstreams[].failures': 'fairlead_forward_upstream_failures',
  'dns.forwarding.routes[].upstreams[].times.bounds[]': HISTOGRAM,
  'dns.forwarding.routes[].upstreams[].times.counts[]': 'fairlead_forward_upstream_seconds',
  'dns.forwarding.routes[].upstreams[].times.sum': HISTOGRAM,
  'dns.forwarding.flights': 'fairlead_forward_questions_total',
  'dns.forwarding.joined': 'fairlead_forward_joined_total',
  'dns.forwarding.failures': 'fairlead_forward_failures_total',
  'dns.forwarding.overloads': 'fairlead_forward_overloads_total',
  'dns.forwarding.filtered': 'fairlead_forward_filtered_total',
  'dns.forwarding.cache.hits': 'fairlead_forward_cache_hits_total',
  'dns.forwarding.cache.misses': 'fairlead_forward_cache_misses_total',
  'dns.forwarding.cache.stale': 'fairlead_forward_cache_stale_total',
  'dns.forwarding.cache.prefetches': 'fairlead_forward_cache_prefetches_total',
  'dns.forwarding.cache.bytes': 'fairlead_forward_cache_bytes',
  'dns.counters.queries.*': 'fairlead_dns_queries_total',
  'dns.counters.replies.*': 'fairlead_dns_replies_total',
  'dns.counters.dropped.*': 'fairlead_dns_dropped_total',
  'dns.counters.packets.*': 'fairlead_dns_packets_total',
  'dns.counters.truncated': 'fairlead_dns_truncated_total',
  'dns.counters.forwarded': 'fairlead_dns_forwarded_total',
  'dns.counters.loops': 'fairlead_dns_loops_total',
  'dns.counters.cookies.*': 'fairlead_dns_cookies_total',
  'dns.counters.slipped': 'fairlead_dns_slipped_total',
  'dns.counters.overloads': 'fairlead_dns_overloads_total',
  'dns.counters.faults': 'fairlead_dns_faults_total',
  'dns.answering.threads': 'fairlead_dns_threads',
  'dns.answering.restarts': 'fairlead_dns_thread_restarts_total',
  'dns.answering.own': 'fairlead_dns_compiled_answers_total',
  'dns.answering.upstream': 'fairlead_dns_compiled_answers_total',
  'dns.answering.misses': 'fairlead_dns_compiled_misses_total',
  'dns.answering.sendErrors': 'fairlead_dns_send_errors_total',
  'dns.answering.batchSizes.bounds[]': HISTOGRAM,
  'dns.answering.batchSizes.counts[]': 'fairlead_dns_batch_size',
  'dns.answering.times.bounds[]': HISTOGRAM,
  'dns.answering.times.counts[]': 'fairlead_dns_reply_seconds',
  'dns.transport.udpSendErrors': 'fairlead_dns_send_errors_total',
  'dns.transport.udpSocketErrors': 'fairlead_dns_socket_errors_total',
  'dns.transport.tcpConnections': 'fairlead_dns_tcp_connections',
  'dns.transport.tcpRefused': 'fairlead_dns_tcp_refused_total',
  'dns.changes.bounds[]': HISTOGRAM,
  'dns.changes.counts[]': 'fairlead_dns_change_seconds',
  'dns.changes.sum': HISTOGRAM,
  'eventLoop.bounds[]': HISTOGRAM,
  'eventLoop.counts[]': 'fairlead_event_loop_late_seconds',
  'eventLoop.sum': HISTOGRAM,
  'catalog.revision': 'fairlead_catalog_revision',
  'catalog.services': 'fairlead_services',
  'catalog.tasks': not('the sum of catalog.health'),
  'catalog.health.*': 'fairlead_tasks',
  'checks.tasks': 'fairlead_checks',
  'checks.failing': not('a part of checks.tasks'),
  'checks.probes[].passed': 'fairlead_probes_total',
  'checks.probes[].failed': 'fairlead_probes_total',
  'checks.probes[].local': 'fairlead_probes_total',
  'checks.probes[].took.bounds[]': HISTOGRAM,
  'checks.probes[].took.counts[]': 'fairlead_probe_seconds',
  'checks.probes[].took.sum': HISTOGRAM,
  'checks.late.bounds[]': HISTOGRAM,
  'checks.late.counts[]': 'fairlead_probe_late_seconds',
  'checks.late.sum': HISTOGRAM,
  'checks.running': 'fairlead_probes_running',
  'checks.waiting': 'fairlead_probes_waiting',
  drains: 'fairlead_drains',
  'vips.services': 'fairlead_vip_ports',
  'vips.repairs': 'fairlead_vip_repairs_total',
  'vips.carrier.kernel.services': 'fairlead_vip_kernel_ports',
  'vips.carrier.threads': 'fairlead_vip_threads',
  'vips.carrier.restarts': 'fairlead_vip_thread_restarts_total',
  'vips.carrier.flows': 'fairlead_vip_flows',
  'vips.carrier.maxFlows': 'fairlead_vip_max_flows',
  'vips.carrier.descriptors': 'fairlead_vip_descriptors',
  'vips.carrier.maxDescriptors': 'fairlead_vip_max_descriptors',
  'vips.carried.active': 'fairlead_vip_active_connections',
  'vips.carried.total': 'fairlead_vip_connections_total',
  'vips.carried.bytesIn': 'fairlead_vip_received_bytes_total',
  'vips.carried.bytesOut': 'fairlead_vip_sent_bytes_total',
  'vips.carried.refused': 'fairlead_vip_refused_total',
  'vips.carried.failed': 'fairlead_vip_failed_total',
  'vips.carried.retried': 'fairlead_vip_retried_total',
  'vips.connects.bounds[]': HISTOGRAM,
  'vips.connects.counts[]': 'fairlead_vip_connect_seconds',
  'vips.connects.sum': HISTOGRAM,
  'templates.waiting': 'fairlead_templates',
  'templates.rendered': 'fairlead_templates',
  'templates.held': 'fairlead_templates',
  'templates.failed': 'fairlead_templates',
  'adoption.adopted': 'fairlead_adoption_containers',
  'adoption.left.*': 'fairlead_adoption_containers',
  'sources[].failures': 'fairlead_source_failures_total',
  'publishers[].failures': 'fairlead_publisher_failures_total',
} as const satisfies Record<Figure<StatusJson>, keyof typeof METRICS | { readonly why: string }>;

/** The same with numbers that are all different, so that no metric is right by chance. */
function numbered<T>(value: T, next = { number: 1000 }): T {
  if (typeof value === 'number') return (next.number += 7) as T;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => numbered<unknown>(item, next)) as T;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, numbered<unknown>(item, next)]),
  ) as T;
}

/** Every number with where it stands. */
function* figures(value: unknown, path = ''): Generator<readonly [path: string, value: number]> {
  if (typeof value === 'number') yield [path, value];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, item] of Object.entries(value)) {
    const below = Array.isArray(value) ? `${path}[]` : path === '' ? key : `${path}.${key}`;
    yield* figures(item, below in METRIC_OF || !(`${path}.*` in METRIC_OF) ? below : `${path}.*`);
  }
}

const template = (state: 'waiting' | 'rendered' | 'held' | 'failed') => ({
  ...{ source: `${state}.tpl`, destination: `/etc/${state}`, state, queries: [], missing: [], failures: 2 },
});

/** A daemon that has everything there is to count. */
function fill(fixture: Fixture): void {
  load(fixture);
  fixture.vips.list = numbered(VIPS).map((vip) => ({ ...vip, port: 80 }));
  fixture.vips.told = { ...fixture.vips.told, services: VIPS.length, repairs: 2 };
  fixture.vips.carrier = numbered({ ...fixture.vips.carrier, maxFlows: 1, kernel: { services: 1 } });
  fixture.templates.current = (['failed', 'failed', 'held', 'rendered', 'waiting'] as const).map(template);
  fixture.adoption.status = () =>
    numbered({ adopted: 1, left: { pending: 1, 'not-wanted': 1 }, problems: [] });
  fixture.health.drain({ task: 'a' }, {});
  const { tasks, late, probes, ...rest } = fixture.health.counts();
  const timed = ({ bounds, ...times }: typeof late) => ({ ...numbered(times), bounds });
  fixture.health.counts = () => ({
    ...numbered({ tasks, ...rest }),
    late: timed(late),
    probes: probes.map(({ took, ...probe }) => ({ ...numbered(probe), took: timed(took) })),
  });
  const { config, startedAt, pid } = STATUS;
  const { batchSizes, times } = STATUS.dns.answering;
  const counted = numbered<DaemonStatus>({
    ...STATUS,
    publishers: [{ name: 'consul', state: 'live', asOf: 1, failures: 1 }],
  });
  const same = { config, startedAt, pid };
  const counts = [1011, 1021, 1031];
  fixture.status.current = {
    ...{ ...counted, ...same },
    state: { ...counted.state, writtenAt: startedAt },
    dns: {
      ...counted.dns,
      answering: {
        ...counted.dns.answering,
        batchSizes: { ...batchSizes, counts },
        times: { ...times, counts },
      },
    },
  };
}

/** All that a metric counts: the sum over its labels. */
function total({ type, samples }: ParsedFamily): number {
  const counted = type === 'histogram' ? samples.filter(({ labels }) => labels['le'] === '+Inf') : samples;
  return counted.reduce((sum, { value }) => sum + value, 0);
}

it('every number of the status is in the metrics, and the metrics add up to it', async () => {
  const fixture = await startApi();
  try {
    fill(fixture);
    const { body } = await ask(fixture.socket, '/v1/status');
    const families = parseExposition((await ask(fixture.socket, '/metrics')).text);
    const sums = new Map<string, number>();
    const seen = new Set<string>();
    for (const [path, value] of figures(body)) {
      expect(METRIC_OF).toHaveProperty([path]);
      seen.add(path);
      const metric = METRIC_OF[path as keyof typeof METRIC_OF];
      if (typeof metric === 'string') sums.set(metric, (sums.get(metric) ?? 0) + value);
    }
    expect([...seen].sort()).toEqual(Object.keys(METRIC_OF).sort());
    const told = [...sums.keys()].map((name) => {
      const family = families.get(name);
      return [name, family && total(family)];
    });
    expect(Object.fromEntries(told)).toEqual(Object.fromEntries(sums));
  } finally {
    await stopApi(fixture);
  }
});

it('every counter of the metrics is in the status', () => {
  const inStatus = new Set(Object.values(METRIC_OF));
  const counters = Object.entries<Metric>(METRICS)
    .filter(
      ([name, { type }]) => type !== 'gauge' && name.startsWith('fairlead_') && !inStatus.has(name as never),
    )
    .map(([name]) => name);
  // What single tasks have carried is in /v1/vips alone.
  expect(counters.filter((name) => !name.startsWith('fairlead_vip_task_'))).toEqual([]);
});

it('the name server and the state directory count nothing that the status lacks', () => {
  type Dns = StatusJson['dns'];
  expectTypeOf<keyof DnsCounters>().toEqualTypeOf<keyof Dns['counters']>();
  expectTypeOf<keyof TransportCounters>().toEqualTypeOf<keyof Dns['transport']>();
  expectTypeOf<keyof CacheCounters>().toEqualTypeOf<keyof Dns['forwarding']['cache']>();
  expectTypeOf<keyof ForwarderCounters>().toEqualTypeOf<
    Exclude<keyof Dns['forwarding'], 'routes' | 'cache'>
  >();
  expectTypeOf<keyof StateStatus>().toEqualTypeOf<keyof StatusJson['state']>();
});
