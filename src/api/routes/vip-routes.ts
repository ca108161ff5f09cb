import type { FastifyInstance } from 'fastify';
import { serviceName, type Service } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { jsonListStream } from '../json-stream.js';
import { refJson, timestamp } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts, VirtualServiceInfo } from '../ports.js';
import { byText } from '../sorted.js';
import type { VipJson, VipTaskJson } from '../types/vips-json.js';

const FILTERS = ['environment', 'stack', 'service'] as const;

interface Listed {
  readonly service: Service;
  readonly info: VirtualServiceInfo;
}

/** `/v1/vips`: virtual IPs, the tasks behind them, and their traffic. */
export function vipRoutes(app: FastifyInstance, { catalog, vips, clock }: ApiPorts): void {
  app.get('/v1/vips', async (request, reply) => {
    const params = new Params(request.query, FILTERS);
    const wanted = FILTERS.map((key) => [key, params.text(key)] as const);
    const carried = await vips.services();
    const { snapshot } = catalog;
    const found: Listed[] = [];
    for (const info of carried) {
      const service = snapshot.serviceByKey(info.service);
      const fits = wanted.every(([key, text]) => text === undefined || service?.[key] === text);
      if (service && fits) found.push({ service, info });
    }
    found.sort(byServiceAndPort);
    const head = { revision: snapshot.revision, now: timestamp(clock()) };
    return reply
      .type('application/json; charset=utf-8')
      .send(jsonListStream(head, 'vips', eachJson(found, snapshot)));
  });
}

function byServiceAndPort({ info: a }: Listed, { info: b }: Listed): number {
  return byText(a.service, b.service) || a.port - b.port || byText(a.protocol, b.protocol);
}

function* eachJson(found: readonly Listed[], snapshot: Snapshot): Generator<VipJson> {
  for (const { service, info } of found) {
    const { service: key, tasks, ...rest } = info;
    yield {
      ...refJson(service),
      key,
      name: serviceName(service),
      ...rest,
      tasks: tasks.map(({ task, ...more }) => vipTaskJson(task, more, snapshot)),
    };
  }
}

function vipTaskJson(id: string, task: Omit<VipTaskJson, 'id'>, snapshot: Snapshot): VipTaskJson {
  const configuredWeight = snapshot.task(id)?.weight;
  return { id, ...task, ...(configuredWeight !== undefined && { configuredWeight }) };
}
