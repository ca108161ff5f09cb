import type { DaemonStatus } from '../ports.js';
import type { Counts, HistogramJson } from '../types/dns-figures.js';
import { counter, gauge, histogram, inSeconds, type HistogramValue, type Readings } from './exposition.js';

/** The name server. */
export const dnsMetrics = {
  fairlead_dns_ready: gauge('Whether every configured address is bound.'),
  fairlead_dns_threads: gauge('Threads that answer UDP; 0: the main thread answers packets one by one.'),
  fairlead_dns_thread_restarts_total: counter(
    'Threads that answer UDP, ended unexpectedly, and were restarted.',
  ),
  fairlead_dns_packets_total: counter('Received packets.', 'transport'),
  fairlead_dns_queries_total: counter('Queries by type; types without a name count as `other`.', 'type'),
  fairlead_dns_replies_total: counter('Replies by response code.', 'rcode'),
  fairlead_dns_dropped_total: counter('Packets that got no reply.', 'reason'),
  fairlead_dns_compiled_answers_total: counter(
    'Queries answered from compiled answers: names of the domain, or the forward cache.',
    'source',
  ),
  fairlead_dns_compiled_misses_total: counter('Queries without a compiled answer.'),
  fairlead_dns_forwarded_total: counter('Queries passed to the forwarder.'),
  fairlead_dns_truncated_total: counter('Replies with TC set.'),
  fairlead_dns_slipped_total: counter('Replies that the rate limit truncated (TC).'),
  fairlead_dns_loops_total: counter('Queries that had already passed through this daemon.'),
  fairlead_dns_cookies_total: counter('Queries with a DNS cookie, by its state.', 'state'),
  fairlead_dns_overloads_total: counter('Queries not forwarded because their client had too many pending.'),
  fairlead_dns_send_errors_total: counter('Replies that the kernel refused to send.'),
  fairlead_dns_socket_errors_total: counter('Errors of UDP sockets that do not belong to a single reply.'),
  fairlead_dns_tcp_connections: gauge('Open TCP connections.'),
  fairlead_dns_tcp_refused_total: counter('TCP connections closed because there were too many.'),
  fairlead_dns_faults_total: counter('Internal errors answered with SERVFAIL.'),
  fairlead_dns_batch_size: histogram('Packets received per system call.'),
  fairlead_dns_reply_seconds: histogram(
    'Time from the arrival of a packet to its reply from a compiled answer; the sum is estimated from the buckets.',
  ),
  fairlead_dns_change_seconds: histogram(
    'Time from a change that a source reports until every answer has it.',
  ),
};

export function readDns({
  ready,
  counters,
  answering,
  transport,
  changes,
}: DaemonStatus['dns']): Readings<typeof dnsMetrics> {
  return {
    fairlead_dns_ready: [[ready ? 1 : 0]],
    fairlead_dns_threads: [[answering.threads]],
    fairlead_dns_thread_restarts_total: [[answering.restarts]],
    fairlead_dns_packets_total: byName(counters.packets),
    fairlead_dns_queries_total: byName(counters.queries),
    fairlead_dns_replies_total: byName(counters.replies),
    fairlead_dns_dropped_total: byName(counters.dropped),
    fairlead_dns_compiled_answers_total: [
      [answering.own, 'own'],
      [answering.upstream, 'cache'],
    ],
    fairlead_dns_compiled_misses_total: [[answering.misses]],
    fairlead_dns_forwarded_total: [[counters.forwarded]],
    fairlead_dns_truncated_total: [[counters.truncated]],
    fairlead_dns_slipped_total: [[counters.slipped]],
    fairlead_dns_loops_total: [[counters.loops]],
    fairlead_dns_cookies_total: byName(counters.cookies),
    fairlead_dns_overloads_total: [[counters.overloads]],
    fairlead_dns_send_errors_total: [[answering.sendErrors + transport.udpSendErrors]],
    fairlead_dns_socket_errors_total: [[transport.udpSocketErrors]],
    fairlead_dns_tcp_connections: [[transport.tcpConnections]],
    fairlead_dns_tcp_refused_total: [[transport.tcpRefused]],
    fairlead_dns_faults_total: [[counters.faults]],
    // Times are counted per packet, so their count is the number of packets in all batches.
    fairlead_dns_batch_size: [[{ ...answering.batchSizes, sum: sumOf(answering.times.counts) }]],
    fairlead_dns_reply_seconds: [[fromMicroseconds(answering.times)]],
    fairlead_dns_change_seconds: [[inSeconds(changes)]],
  };
}

function byName(counts: Counts): (readonly [number, string])[] {
  return Object.entries(counts).map(([name, count]) => [count, name]);
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Bounds double from bucket to bucket, so the middle of a bucket is three quarters of its bound. */
function fromMicroseconds({ bounds, counts }: HistogramJson): HistogramValue {
  const last = bounds.at(-1) ?? 0;
  const micros = counts.reduce((sum, count, i) => sum + count * 0.75 * (bounds[i] ?? 2 * last), 0);
  return { bounds: bounds.map((bound) => bound / 1e6), counts, sum: micros / 1e6 };
}
