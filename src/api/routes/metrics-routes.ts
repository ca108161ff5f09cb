import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { EXPOSITION_TYPE, OPEN_METRICS_TYPE } from '../metrics/exposition.js';
import { metricLines } from '../metrics/metric-lines.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import type { StreamLimits } from '../stream-limits.js';
import type { Places } from '../stream-places.js';

/** How many lines are written before other work gets a turn. */
const LINES_A_TURN = 500;

/**
 * `/metrics`: all counters, for Prometheus. Each scrape builds the text again, in pieces, as fast as the client reads
 * it.
 */
export function metricsRoutes(
  app: FastifyInstance,
  ports: ApiPorts,
  { stallMs }: StreamLimits,
  places: Places,
): void {
  // HEAD has its own route, so that it does not build the whole text only to discard it.
  app.head('/metrics', (request, reply) => {
    new Params(request.query, ['tasks']).flag('tasks');
    return reply.type(typeOf(request)).send();
  });

  app.get('/metrics', (request, reply) => {
    const tasks = new Params(request.query, ['tasks']).flag('tasks');
    if (!places.areLeft) {
      const detail = `${places.most} clients already read the metrics, which is the limit; scrape less often`;
      throw new ApiProblem(503, 'too-many-streams', detail);
    }
    places.take();
    const { raw } = reply;
    raw.once('close', () => places.free());
    raw.setTimeout(stallMs, () => raw.destroy());
    const type = typeOf(request);
    const lines = metricLines(ports, { tasks, isOpenMetrics: type === OPEN_METRICS_TYPE });
    return reply.type(type).send(Readable.from(pieces(lines), { objectMode: false }));
  });
}

/** What the client asks for; it names OpenMetrics only if it can read it. */
function typeOf({ headers }: FastifyRequest): string {
  return /\bapplication\/openmetrics-text\b/.test(headers.accept ?? '') ? OPEN_METRICS_TYPE : EXPOSITION_TYPE;
}

async function* pieces(groups: AsyncIterable<Iterable<string>>): AsyncGenerator<string> {
  let piece = '';
  let count = 0;
  for await (const lines of groups) {
    for (const line of lines) {
      piece += line;
      count += 1;
      if (count % LINES_A_TURN > 0) continue;
      yield piece;
      piece = '';
      await nextTurn();
    }
  }
  if (piece !== '') yield piece;
}
