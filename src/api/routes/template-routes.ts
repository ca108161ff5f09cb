import type { FastifyInstance } from 'fastify';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import type { TemplateListJson } from '../types/templates-json.js';

export function templateRoutes(app: FastifyInstance, { templates }: ApiPorts): void {
  app.get('/v1/templates', (request): TemplateListJson => {
    new Params(request.query, []);
    const program = templates.program();
    return { templates: templates.list(), ...(program && { program }) };
  });
}
