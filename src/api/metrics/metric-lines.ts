import type { ApiPorts } from '../ports.js';
import { problemsOf } from '../problems.js';
import { adoptionMetrics, readAdoption } from './adoption-metrics.js';
import { catalogMetrics, readCatalog } from './catalog-metrics.js';
import { checkMetrics, readChecks } from './check-metrics.js';
import { dnsMetrics, readDns } from './dns-metrics.js';
import { exposition } from './exposition.js';
import { forwardMetrics, readForward } from './forward-metrics.js';
import { processMetrics, readProcess } from './process-metrics.js';
import { publisherMetrics, readPublishers } from './publisher-metrics.js';
import { survey } from './survey.js';
import { readTemplates, templateMetrics } from './template-metrics.js';
import { labelledPorts, readVips, readVipTasks, vipMetrics, vipTaskMetrics } from './vip-metrics.js';

export interface MetricsOptions {
  /** Whether virtual IPs are also reported task by task. */
  readonly tasks: boolean;
}

/** The current lines of all metrics, group by group. The reader may pause or stop after any line. */
export async function* metricLines(
  ports: ApiPorts,
  { tasks }: MetricsOptions,
): AsyncGenerator<Iterable<string>> {
  const { catalog, daemon, health, vips, clock } = ports;
  const { snapshot } = catalog;
  const status = daemon.status();
  const { environment, dns, sourceFailures, publishers } = status;
  yield exposition(processMetrics, readProcess(status, await ports.process.figures()));
  const figures = {
    ...{ snapshot, sourceFailures, environment, now: clock(), drains: health.drains().length },
    problems: problemsOf(ports),
    survey: await survey(snapshot),
  };
  yield exposition(catalogMetrics, readCatalog(figures));
  yield exposition(publisherMetrics, readPublishers(publishers, clock()));
  yield exposition(adoptionMetrics, readAdoption(ports.adoption.status()));
  yield exposition(templateMetrics, readTemplates(ports.templates.list()));
  yield exposition(checkMetrics, readChecks(health.counts()));
  yield exposition(dnsMetrics, readDns(dns));
  yield exposition(forwardMetrics, readForward(dns.forwarding));
  const infos = await vips.services();
  const labelled = await labelledPorts(infos, snapshot, environment);
  yield exposition(vipMetrics, readVips(vips.status(), labelled));
  if (tasks) yield exposition(vipTaskMetrics, readVipTasks(labelled));
}
