import type { FastifyInstance } from 'fastify';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';

/** `/v1/openapi.json`: the API as a document for programs. What makes it is loaded when it is asked for. */
export function openapiRoutes(app: FastifyInstance, { daemon }: Pick<ApiPorts, 'daemon'>): void {
  app.get('/v1/openapi.json', async (request) => {
    new Params(request.query, []);
    const { openApiDocument } = await import('../openapi.js');
    return openApiDocument(daemon.identity().version);
  });
}
