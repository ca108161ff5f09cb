import type { FastifyInstance } from 'fastify';
import type { FaceContext, FaceListen, FaceUpgrade, HttpFace } from './http-face.js';
import { HttpStreams } from './http-lines.js';
import { localGuard } from './local-guard.js';
import type { ApiPorts } from './ports.js';
import { adoptionRoutes } from './routes/adoption-routes.js';
import { checkRoutes } from './routes/check-routes.js';
import { dashboardRoutes } from './routes/dashboard-routes.js';
import { drainRoutes } from './routes/drain-routes.js';
import { eventRoutes } from './routes/event-routes.js';
import { healthRoutes } from './routes/health-routes.js';
import { hostRoutes } from './routes/host-routes.js';
import { metricsRoutes } from './routes/metrics-routes.js';
import { nameRoutes } from './routes/name-routes.js';
import { openapiRoutes } from './routes/openapi-routes.js';
import { plainRoutes } from './routes/plain-routes.js';
import { reloadRoutes } from './routes/reload-routes.js';
import { serviceRoutes } from './routes/service-routes.js';
import { stateRoutes } from './routes/state-routes.js';
import { streamRoutes } from './routes/stream-routes.js';
import { statusRoutes } from './routes/status-routes.js';
import { taskRoutes } from './routes/task-routes.js';
import { templateRoutes } from './routes/template-routes.js';
import { vipRoutes } from './routes/vip-routes.js';
import { watchRoutes } from './routes/watch-routes.js';
import { STREAM_LIMITS, type StreamLimits } from './stream-limits.js';
import { StateFeed } from './stream/state-feed.js';

/** Fairlead's own API (docs/api.md): on unix sockets and loopback, without a login. */
export function ownFace(
  ports: ApiPorts,
  addresses: FaceListen['addresses'],
  limits: StreamLimits = STREAM_LIMITS,
): HttpFace {
  return {
    name: 'API',
    listen: { addresses, setting: 'api.listen', reach: 'loopback' },
    guard: localGuard,
    routes: (app, context) => ownRoutes(app, ports, context, limits),
  };
}

export function ownRoutes(
  app: FastifyInstance,
  ports: ApiPorts,
  { listening }: Pick<FaceContext, 'listening'>,
  limits: StreamLimits = STREAM_LIMITS,
): FaceUpgrade {
  const streams = new HttpStreams(limits, ports.timers);
  const feed = new StateFeed({ ...ports, drains: ports.health, limits });
  app.addHook('preClose', (done) => {
    feed.close();
    streams.close();
    done();
  });
  healthRoutes(app, ports);
  metricsRoutes(app, ports, limits);
  statusRoutes(app, ports, listening);
  dashboardRoutes(app);
  plainRoutes(app, ports, listening);
  reloadRoutes(app, ports);
  serviceRoutes(app, ports);
  taskRoutes(app, ports);
  hostRoutes(app, ports);
  nameRoutes(app, ports);
  checkRoutes(app, ports);
  drainRoutes(app, ports);
  adoptionRoutes(app, ports);
  vipRoutes(app, ports);
  templateRoutes(app, ports);
  eventRoutes(app, ports, streams, limits);
  stateRoutes(app, feed);
  watchRoutes(app, feed, streams);
  openapiRoutes(app, ports);
  return streamRoutes(app, ports, { state: feed, listening, limits });
}
