import type { FastifyInstance } from 'fastify';
import type { Service } from '../../catalog/model.js';
import type { Snapshot } from '../../catalog/snapshot.js';
import { askedService, findService, type ServiceParams } from '../find-service.js';
import { jsonListStream } from '../json-stream.js';
import { serviceDetailJson, serviceJson } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { sortedServices } from '../sorted.js';
import type { ServiceDetailJson } from '../types/resources.js';

interface Filter {
  readonly environment: string | undefined;
  readonly stack: string | undefined;
  readonly service: string | undefined;
}

export function serviceRoutes(app: FastifyInstance, { catalog, daemon }: ApiPorts): void {
  app.get('/v1/services', (request, reply) => {
    const params = new Params(request.query, ['environment', 'stack', 'service']);
    const filter = {
      environment: params.text('environment'),
      stack: params.text('stack'),
      service: params.text('service'),
    };
    const { snapshot } = catalog;
    const { domain } = daemon.identity();
    return reply
      .type('application/json; charset=utf-8')
      .send(jsonListStream({ revision: snapshot.revision }, 'services', listed(snapshot, filter, domain)));
  });

  app.get<{ Params: ServiceParams }>('/v1/services/:stack/:service', (request): ServiceDetailJson => {
    const { domain, environment } = daemon.identity();
    const { snapshot } = catalog;
    return serviceDetailJson(findService(snapshot, askedService(request, environment)), domain, snapshot);
  });
}

function* listed(snapshot: Snapshot, filter: Filter, domain: string) {
  const fits = (service: Service) =>
    (filter.environment === undefined || service.environment === filter.environment) &&
    (filter.stack === undefined || service.stack === filter.stack) &&
    (filter.service === undefined || service.service === filter.service);
  for (const service of sortedServices(snapshot)) if (fits(service)) yield serviceJson(service, domain);
}
