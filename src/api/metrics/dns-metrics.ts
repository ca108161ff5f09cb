import type { DaemonStatus } from '../ports.js';
import type { Counts, HistogramJson } from '../types/dns-figures.js';
import { counter, gauge, histogram, type HistogramValue, type Readings } from './exposition.js';

/** The name server. */
export const dnsMetrics = {
  fairlead_dns_ready: gauge('Whether every configured address is bound.'),
  fairlead_dns_threads: gauge('Threads that answer UDP; 0: it is answered one by one.'),
  fairlead_dns_thread_restarts_total: counter(
    'Threads that answer UDP which ended by themselves and were started again.',
  ),
  fairlead_dns_packets_total: counter('Packets that came in.', 'transport'),
  fairlead_dns_queries_total: counter('Queries by type; types without a name are `other`.', 'type'),
  fairlead_dns_replies_total: counter('Replies by response code.', 'rcode'),
  fairlead_dns_dropped_total: counter('Packets left unanswered.', 'reason'),
  fairlead_dns_compiled_answers_total: counter(
    'Queries answered from compiled answers: of our own names, or from the forward cache.',
    'source',
  ),
  fairlead_dns_compiled_misses_total: counter('Queries for which there was no compiled answer.'),
  fairlead_dns_forwarded_total: counter('Queries that went to the forwarder.'),
  fairlead_dns_truncated_total: counter('Replies with TC set.'),
  fairlead_dns_slipped_total: counter('Replies that the rate limit cut down to TC.'),
  fairlead_dns_loops_total: counter('Queries that had come through this daemon before.'),
  fairlead_dns_cookies_total: counter('Queries with a DNS cookie, by what it said.', 'state'),
  fairlead_dns_overloads_total: counter('Queries not forwarded because their client had too many under way.'),
  fairlead_dns_send_errors_total: counter('Replies that the kernel refused to send.'),
  fairlead_dns_socket_errors_total: counter('Errors of UDP sockets that concern no single reply.'),
  fairlead_dns_tcp_connections: gauge('TCP connections that are open.'),
  fairlead_dns_tcp_refused_total: counter('TCP connections closed because there were too many.'),
  fairlead_dns_faults_total: counter('Faults of Fairlead that became SERVFAIL.'),
  fairlead_dns_batch_size: histogram('Packets that were received with one system call.'),
  fairlead_dns_reply_seconds: histogram(
    'Time from the arrival of a packet to its reply, where a compiled answer was there; the sum is estimated from the buckets.',
  ),
};

export function readDns({
  ready,
  counters,
  answering,
  transport,
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
    // Times are counted once a packet, so that they say how many packets all batches had.
    fairlead_dns_batch_size: [[{ ...answering.batchSizes, sum: sumOf(answering.times.counts) }]],
    fairlead_dns_reply_seconds: [[inSeconds(answering.times)]],
  };
}

function byName(counts: Counts): (readonly [number, string])[] {
  return Object.entries(counts).map(([name, count]) => [count, name]);
}

const sumOf = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** Bounds double from bucket to bucket, so three quarters of a bound is the middle of what is in it. */
function inSeconds({ bounds, counts }: HistogramJson): HistogramValue {
  const last = bounds.at(-1) ?? 0;
  const micros = counts.reduce((sum, count, i) => sum + count * 0.75 * (bounds[i] ?? 2 * last), 0);
  return { bounds: bounds.map((bound) => bound / 1e6), counts, sum: micros / 1e6 };
}
