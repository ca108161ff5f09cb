import type { FastifyInstance } from 'fastify';
import { Body } from '../body.js';
import { timestamp } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import type { ReloadJson } from '../types/resources.js';

/** `POST /v1/reload`: reads the configuration again, as SIGHUP does. */
export function reloadRoutes(app: FastifyInstance, { daemon, clock }: ApiPorts): void {
  // The outcome is in the status: a reload may move the very listener that this answer goes through.
  app.post('/v1/reload', (request, reply) => {
    new Params(request.query, []);
    new Body(request.body, []);
    daemon.requestReload();
    const answer: ReloadJson = { now: timestamp(clock()) };
    return reply.code(202).send(answer);
  });
}
