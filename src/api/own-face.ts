import type { FastifyInstance } from 'fastify';
import type { Access } from './access/api-access.js';
import { accessRules } from './access/access-rules.js';
import { auditHook } from './access/audit-hook.js';
import { scopeKey, scopeOfKey } from './access/access-scope.js';
import { scopedPorts } from './access/scoped-ports.js';
import type { FaceContext, FaceListen, FaceUpgrade, HttpFace } from './http-face.js';
import { HttpStreams } from './http-lines.js';
import type { ApiPorts } from './ports.js';
import { accessRoutes } from './routes/access-routes.js';
import { adoptionRoutes } from './routes/adoption-routes.js';
import { checkRoutes } from './routes/check-routes.js';
import { dashboardRoutes } from './routes/dashboard-routes.js';
import { drainRoutes } from './routes/drain-routes.js';
import { eventRoutes } from './routes/event-routes.js';
import { healthRoutes } from './routes/health-routes.js';
import { historyRoutes } from './routes/history-routes.js';
import { hostRoutes } from './routes/host-routes.js';
import { loginRoutes } from './routes/login-routes.js';
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
import { tokenRoutes } from './routes/token-routes.js';
import { vipRoutes } from './routes/vip-routes.js';
import { watchRoutes } from './routes/watch-routes.js';
import { STREAM_LIMITS, type StreamLimits } from './stream-limits.js';
import { placesOf, type StreamPlaces } from './stream-places.js';
import { StateFeed } from './stream/state-feed.js';

/** Fairlead's own API (docs/api.md), for those whom {@link Access} lets in (docs/access.md). */
export function ownFace(
  ports: ApiPorts,
  { addresses, tls }: Pick<FaceListen, 'addresses' | 'tls'>,
  access: Access,
  limits: StreamLimits = STREAM_LIMITS,
): HttpFace {
  const places = placesOf(limits);
  const reach = access.needsTokens && tls !== undefined ? 'any' : 'loopback';
  return {
    name: 'API',
    listen: { addresses, setting: 'api.listen', reach, tls },
    guard: (request, client) => access.guard(request, client),
    start: () => access.start(),
    // Clients with the same limits share routes, which see nothing beyond them.
    partitionOf: (request) => scopeKey(access.principalOf(request).scope),
    routes: (app, context, partition) => {
      const scoped = scopedPorts(ports, scopeOfKey(partition));
      app.addHook('onClose', (_, done) => {
        scoped.close();
        done();
      });
      return ownRoutes(app, scoped.ports, context, access, limits, places);
    },
  };
}

export function ownRoutes(
  app: FastifyInstance,
  ports: ApiPorts,
  context: Pick<FaceContext, 'listening' | 'clientOf'>,
  access: Access,
  limits: StreamLimits = STREAM_LIMITS,
  places: StreamPlaces = placesOf(limits),
): FaceUpgrade {
  const { listening } = context;
  accessRules(app, access, listening);
  auditHook(app, ports, access, context);
  const streams = new HttpStreams(limits, places.followers, ports.timers);
  const feed = new StateFeed({ ...ports, drains: ports.health, limits });
  app.addHook('preClose', (done) => {
    feed.close();
    streams.close();
    done();
  });
  healthRoutes(app, ports, access);
  metricsRoutes(app, ports, limits, places.scrapes);
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
  historyRoutes(app, ports);
  openapiRoutes(app, ports);
  accessRoutes(app, ports, access, context);
  loginRoutes(app, ports, access, context);
  tokenRoutes(app, ports, access);
  return streamRoutes(app, ports, { state: feed, listening, limits, access, places: places.clients });
}
