import type { IncomingMessage } from 'node:http';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { guard, type Transport } from './guard.js';
import { clip } from './params.js';
import type { ApiPorts } from './ports.js';
import { ApiProblem, BODY_LIMIT, PROBLEM_TYPE, toProblem } from './problem.js';
import { checkRoutes } from './routes/check-routes.js';
import { drainRoutes } from './routes/drain-routes.js';
import { eventRoutes, STREAM_LIMITS, type StreamLimits } from './routes/event-routes.js';
import { healthRoutes } from './routes/health-routes.js';
import { metricsRoutes } from './routes/metrics-routes.js';
import { nameRoutes } from './routes/name-routes.js';
import { serviceRoutes } from './routes/service-routes.js';
import { statusRoutes } from './routes/status-routes.js';
import { taskRoutes } from './routes/task-routes.js';
import { vipRoutes } from './routes/vip-routes.js';
import { errorMessage } from '../net/error-message.js';

export interface AppOptions {
  /** The addresses that the API listens on, for `/v1/status`. */
  readonly listening: () => readonly string[];
  /** What a request came over. */
  readonly transportOf: (request: IncomingMessage) => Transport;
  readonly limits?: StreamLimits;
}

/** No route has a schema of fastify's: without these it loads what compiles them, some 3 MB. */
const noSchemas = (): never => {
  throw new Error('a route of the API has a schema, and nothing here compiles it');
};

/** The routes, without a listener. Nothing that a request holds makes it throw. */
export function createApp(
  ports: ApiPorts,
  { listening, transportOf, limits = STREAM_LIMITS }: AppOptions,
): FastifyInstance {
  const app = fastify({
    logger: false,
    exposeHeadRoutes: false,
    bodyLimit: BODY_LIMIT,
    // A task id of the file source is three names long, and fastify answers 404 beyond its 100.
    routerOptions: { maxParamLength: 1024 },
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    // An address that cannot be decoded fails before the hooks and handlers below.
    frameworkErrors: (error, _request, reply: FastifyReply) => {
      const problem = toProblem(error);
      void reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
    },
  });

  // Only JSON is left: a body of another type is refused, never taken for something else.
  app.removeContentTypeParser('text/plain');

  app.addHook('onRequest', (request, reply, done) => {
    void reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
    guard(request.raw, transportOf(request.raw), listening);
    done();
  });

  app.setErrorHandler((error, request, reply) => {
    const problem = toProblem(error);
    if (problem.status >= 500 && !(error instanceof ApiProblem)) {
      ports.log.error(
        `${request.method} ${clip(request.url)} failed; this is a fault of Fairlead, please report it`,
        { error: errorMessage(error) },
      );
    }
    return reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
  });

  app.setNotFoundHandler((request) => {
    const asked = `${request.method} ${clip(request.url.split('?')[0] ?? '')}`;
    throw new ApiProblem(404, 'not-found', `there is no ${asked}; docs/api.md lists the routes`);
  });

  registerRoutes(app, ports, { listening, limits });
  return app;
}

export function registerRoutes(
  app: FastifyInstance,
  ports: ApiPorts,
  { listening, limits = STREAM_LIMITS }: Pick<AppOptions, 'listening' | 'limits'>,
): void {
  healthRoutes(app, ports);
  metricsRoutes(app, ports, limits);
  statusRoutes(app, ports, listening);
  serviceRoutes(app, ports);
  taskRoutes(app, ports);
  nameRoutes(app, ports);
  checkRoutes(app, ports);
  drainRoutes(app, ports);
  vipRoutes(app, ports);
  eventRoutes(app, ports, limits);
}
