import type { ForwardingJson } from '../types/dns-figures.js';
import { counter, gauge, histogram, inSeconds, type Readings } from './exposition.js';

/** Forwarding of names outside the domain. */
export const forwardMetrics = {
  fairlead_forward_questions_total: counter('Questions sent to upstreams.'),
  fairlead_forward_joined_total: counter('Questions that joined an identical pending one.'),
  fairlead_forward_failures_total: counter('Questions that no upstream answered.'),
  fairlead_forward_overloads_total: counter('Questions refused because too many were waiting.'),
  fairlead_forward_filtered_total: counter('Answers withheld by rebinding protection.'),
  fairlead_forward_upstream_up: gauge(
    'Whether the upstream answered the last question; the suffix `.` stands for all other names.',
    'suffix',
    'upstream',
  ),
  fairlead_forward_upstream_failures: gauge(
    'Failures of the upstream since it last answered.',
    'suffix',
    'upstream',
  ),
  fairlead_forward_upstream_seconds: histogram(
    'Time that answers of the upstream took.',
    'suffix',
    'upstream',
  ),
  fairlead_forward_cache_hits_total: counter('Answers from the cache.'),
  fairlead_forward_cache_misses_total: counter('Questions without an answer in the cache.'),
  fairlead_forward_cache_stale_total: counter('Expired answers served because no upstream answered in time.'),
  fairlead_forward_cache_prefetches_total: counter('Answers refreshed before they expired.'),
  fairlead_forward_cache_bytes: gauge('Size of the cache in bytes.'),
};

export function readForward({ cache, ...forward }: ForwardingJson): Readings<typeof forwardMetrics> {
  const upstreams = forward.routes.flatMap(({ suffix, upstreams }) => {
    // A resolv.conf may list a server twice.
    const once = new Map(upstreams.map((each) => [each.address, each]));
    return [...once.values()].map((each) => ({ suffix, ...each }));
  });
  return {
    fairlead_forward_questions_total: [[forward.flights]],
    fairlead_forward_joined_total: [[forward.joined]],
    fairlead_forward_failures_total: [[forward.failures]],
    fairlead_forward_overloads_total: [[forward.overloads]],
    fairlead_forward_filtered_total: [[forward.filtered]],
    fairlead_forward_upstream_up: upstreams.map(({ up, suffix, address }) => [up ? 1 : 0, suffix, address]),
    fairlead_forward_upstream_failures: upstreams.map(({ failures, suffix, address }) => [
      failures,
      suffix,
      address,
    ]),
    fairlead_forward_upstream_seconds: upstreams.map(({ times, suffix, address }) => [
      inSeconds(times),
      suffix,
      address,
    ]),
    fairlead_forward_cache_hits_total: [[cache.hits]],
    fairlead_forward_cache_misses_total: [[cache.misses]],
    fairlead_forward_cache_stale_total: [[cache.stale]],
    fairlead_forward_cache_prefetches_total: [[cache.prefetches]],
    fairlead_forward_cache_bytes: [[cache.bytes]],
  };
}
