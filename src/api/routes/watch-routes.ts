import type { FastifyInstance } from 'fastify';
import type { HttpStreams } from '../http-lines.js';
import { clip, Params } from '../params.js';
import { ApiProblem } from '../problem.js';
import { isCursor } from '../stream/stream-cursor.js';
import type { StateFeed } from '../stream/state-feed.js';

/** `/v1/watch`: the state of the catalog and each of its changes, as JSON lines. */
export function watchRoutes(app: FastifyInstance, feed: StateFeed, streams: HttpStreams): void {
  app.get('/v1/watch', (request, reply) => {
    const since = new Params(request.query, ['since']).text('since');
    if (since !== undefined && !isCursor(since)) {
      const detail = `parameter "since" is "${clip(since)}", which is not a cursor; give the "cursor" of the last message, or omit the parameter`;
      throw new ApiProblem(400, 'parameter-invalid', detail);
    }
    let end = (): void => undefined;
    const outlet = streams.begin(reply, () => end());
    end = feed.subscribe(outlet, since);
    return reply;
  });
}
