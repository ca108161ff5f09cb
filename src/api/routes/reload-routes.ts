import type { FastifyInstance } from 'fastify';
import { Body } from '../body.js';
import { timestamp } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import type { ReloadJson, RestartJson } from '../types/resources.js';

/** `POST /v1/reload`: reads the configuration again, as SIGHUP does. `POST /v1/restart`: a successor takes over. */
export function reloadRoutes(app: FastifyInstance, { daemon, clock }: ApiPorts): void {
  // The status has the outcome, because a reload may move the listener that sends this answer.
  app.post('/v1/reload', (request, reply) => {
    new Params(request.query, []);
    new Body(request.body, []);
    daemon.requestReload();
    const answer: ReloadJson = { now: timestamp(clock()) };
    return reply.code(202).send(answer);
  });
  // The answer comes from this process; whether there is a successor is seen in the status.
  app.post('/v1/restart', (request, reply) => {
    new Params(request.query, []);
    new Body(request.body, []);
    const answer: RestartJson = { now: timestamp(clock()) };
    reply.raw.once('finish', () => daemon.requestRestart());
    return reply.code(202).send(answer);
  });
}
