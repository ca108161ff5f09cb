import { adoptionMetrics } from '../src/api/metrics/adoption-metrics.js';
import { catalogMetrics } from '../src/api/metrics/catalog-metrics.js';
import { checkMetrics } from '../src/api/metrics/check-metrics.js';
import { dnsMetrics } from '../src/api/metrics/dns-metrics.js';
import { forwardMetrics } from '../src/api/metrics/forward-metrics.js';
import { processMetrics } from '../src/api/metrics/process-metrics.js';
import { publisherMetrics } from '../src/api/metrics/publisher-metrics.js';
import { templateMetrics } from '../src/api/metrics/template-metrics.js';
import { vipMetrics, vipTaskMetrics } from '../src/api/metrics/vip-metrics.js';

/** Every metric, in the order in which they are written; docs/metrics.md is held against it. */
export const METRICS = {
  ...processMetrics,
  ...catalogMetrics,
  ...publisherMetrics,
  ...adoptionMetrics,
  ...templateMetrics,
  ...checkMetrics,
  ...dnsMetrics,
  ...forwardMetrics,
  ...vipMetrics,
  ...vipTaskMetrics,
};
