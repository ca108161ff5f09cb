import type { ApiPorts } from '../ports.js';
import { problemsOf } from '../problems.js';
import { adoptionMetrics, readAdoption } from './adoption-metrics.js';
import { catalogMetrics, readCatalog } from './catalog-metrics.js';
import { checkMetrics, readChecks } from './check-metrics.js';
import { dnsMetrics, readDns } from './dns-metrics.js';
import { exposition, OPEN_METRICS_END } from './exposition.js';
import { forwardMetrics, readForward } from './forward-metrics.js';
import { processMetrics, readProcess } from './process-metrics.js';
import { publisherMetrics, readPublishers } from './publisher-metrics.js';
import { survey } from './survey.js';
import { readTemplates, templateMetrics } from './template-metrics.js';
import { labelledPorts, readVips, readVipTasks, vipMetrics, vipTaskMetrics } from './vip-metrics.js';

export interface MetricsOptions {
  /** Whether virtual IPs are also reported task by task. */
  readonly tasks: boolean;
  /** Whether the text is OpenMetrics 1.0. */
  readonly isOpenMetrics: boolean;
}

/** The current lines of all metrics, group by group. The reader may pause or stop after any line. */
export async function* metricLines(
  ports: ApiPorts,
  { tasks, isOpenMetrics }: MetricsOptions,
): AsyncGenerator<Iterable<string>> {
  const { catalog, daemon, health, vips, clock } = ports;
  const { snapshot } = catalog;
  const status = daemon.status();
  const { environment, dns, sourceFailures, sourceEvents, publishers } = status;
  yield exposition(processMetrics, readProcess(status, await ports.process.figures()), isOpenMetrics);
  const figures = {
    ...{ snapshot, sourceFailures, sourceEvents, environment, now: clock(), drains: health.drains().length },
    problems: problemsOf(ports),
    survey: await survey(snapshot),
  };
  yield exposition(catalogMetrics, readCatalog(figures), isOpenMetrics);
  yield exposition(publisherMetrics, readPublishers(publishers, clock()), isOpenMetrics);
  yield exposition(adoptionMetrics, readAdoption(ports.adoption.status()), isOpenMetrics);
  yield exposition(templateMetrics, readTemplates(ports.templates.list()), isOpenMetrics);
  yield exposition(checkMetrics, readChecks(health.counts()), isOpenMetrics);
  yield exposition(dnsMetrics, readDns(dns), isOpenMetrics);
  yield exposition(forwardMetrics, readForward(dns.forwarding), isOpenMetrics);
  const infos = await vips.services();
  const labelled = await labelledPorts(infos, snapshot, environment);
  yield exposition(vipMetrics, readVips(vips.status(), labelled), isOpenMetrics);
  if (tasks) yield exposition(vipTaskMetrics, readVipTasks(labelled), isOpenMetrics);
  if (isOpenMetrics) yield [OPEN_METRICS_END];
}
