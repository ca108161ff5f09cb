import type { ApiPorts } from '../ports.js';
import type { StreamLimits } from '../stream-limits.js';
import { FigureFeed } from './figure-feed.js';
import { figureParts } from './figure-parts.js';
import { QueryFeed } from './query-feed.js';
import type { StateFeed } from './state-feed.js';
import { TemplateFeed } from './template-feed.js';
import { WebSocketDoor } from './web-socket-door.js';

/** Makes what serves `GET /v1/stream`. */
export function openStreamDoor(
  ports: ApiPorts,
  state: StateFeed,
  listening: () => readonly string[],
  limits: StreamLimits,
): WebSocketDoor {
  const { catalog, log, timers } = ports;
  const queries = new QueryFeed({ catalog, queries: ports.queries });
  const figures = new FigureFeed({ catalog, log, timers, parts: figureParts(ports, listening) });
  return new WebSocketDoor(
    { ports, state, figures, queries, templates: new TemplateFeed(ports.templates, timers), limits },
    limits,
  );
}
