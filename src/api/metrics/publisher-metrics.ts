import type { DaemonStatus } from '../ports.js';
import { lastGoodOf, statesOf } from './catalog-metrics.js';
import { counter, gauge, type Readings } from './exposition.js';

/** Registries that this host's tasks are published to. */
export const publisherMetrics = {
  fairlead_publisher_state: gauge(
    '1 for the state that a publisher is in, 0 for the others.',
    'publisher',
    'state',
  ),
  fairlead_publisher_last_good_timestamp_seconds: gauge(
    'When the registry was last known to be right, since the epoch; while it is: now.',
    'publisher',
  ),
  fairlead_publisher_failures_total: counter(
    'Attempts to bring the registry up to date that failed.',
    'publisher',
  ),
};

/** @param now milliseconds since the epoch */
export function readPublishers(
  publishers: DaemonStatus['publishers'],
  now: number,
): Readings<typeof publisherMetrics> {
  return {
    fairlead_publisher_state: statesOf(publishers),
    fairlead_publisher_last_good_timestamp_seconds: lastGoodOf(publishers, now),
    fairlead_publisher_failures_total: publishers.map(({ name, failures }) => [failures, name]),
  };
}
