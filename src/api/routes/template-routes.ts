import type { FastifyInstance } from 'fastify';
import { Params } from '../params.js';
import type { ApiPorts, TemplatePort } from '../ports.js';
import type { TemplateListJson } from '../types/templates-json.js';

export function templateRoutes(app: FastifyInstance, { templates }: ApiPorts): void {
  app.get('/v1/templates', (request): TemplateListJson => {
    new Params(request.query, []);
    return templateListJson(templates);
  });
}

export function templateListJson(templates: TemplatePort): TemplateListJson {
  const program = templates.program();
  return { templates: templates.list(), ...(program && { program }) };
}
