import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { EXPOSITION_TYPE } from '../metrics/exposition.js';
import { metricLines } from '../metrics/text.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';
import type { StreamLimits } from '../stream-limits.js';

/** How many lines are written before others get a turn. */
const LINES_A_TURN = 500;

/** `/metrics`: everything that is counted, for Prometheus. Made again for each scrape, in pieces, as fast as it is read. */
export function metricsRoutes(app: FastifyInstance, ports: ApiPorts, limits: StreamLimits): void {
  let scrapes = 0;

  // HEAD has a route of its own: it must not make the whole text in order to throw it away.
  app.head('/metrics', (request, reply) => {
    new Params(request.query, ['tasks']).flag('tasks');
    return reply.type(EXPOSITION_TYPE).send();
  });

  app.get('/metrics', (request, reply) => {
    const tasks = new Params(request.query, ['tasks']).flag('tasks');
    if (scrapes >= limits.maxScrapes) {
      const detail = `${limits.maxScrapes} clients read the metrics already, which is the most there may be; scrape less often`;
      throw new ApiProblem(503, 'too-many-streams', detail);
    }
    scrapes += 1;
    const { raw } = reply;
    raw.once('close', () => (scrapes -= 1));
    raw.setTimeout(limits.stallMs, () => raw.destroy());
    return reply
      .type(EXPOSITION_TYPE)
      .send(Readable.from(pieces(metricLines(ports, { tasks })), { objectMode: false }));
  });
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
