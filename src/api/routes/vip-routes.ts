import type { FastifyInstance } from 'fastify';
import { jsonListStream } from '../json-stream.js';
import { timestamp } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { vipList } from '../vip-list.js';

/** `/v1/vips`: virtual IPs, the tasks behind them, and their traffic. */
export function vipRoutes(app: FastifyInstance, ports: ApiPorts): void {
  app.get('/v1/vips', async (request, reply) => {
    const params = new Params(request.query, ['environment', 'stack', 'service']);
    const [environment, stack, service] = ['environment', 'stack', 'service'].map((key) => params.text(key));
    const { snapshot, items } = await vipList(ports, { environment, stack, service });
    const head = { revision: snapshot.revision, now: timestamp(ports.clock()) };
    return reply.type('application/json; charset=utf-8').send(jsonListStream(head, 'vips', items));
  });
}
