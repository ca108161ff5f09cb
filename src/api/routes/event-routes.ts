import type { FastifyInstance } from 'fastify';
import { every } from '../../runtime/timers.js';
import { NDJSON, type HttpStreams } from '../http-lines.js';
import { eventJson } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import type { StreamLimits } from '../stream-limits.js';

/** `/v1/events`: the event trail as NDJSON; with `follow` it continues until either side ends it. */
export function eventRoutes(
  app: FastifyInstance,
  { catalog, log, timers }: ApiPorts,
  streams: HttpStreams,
  limits: StreamLimits,
): void {
  app.get('/v1/events', (request, reply) => {
    const params = new Params(request.query, ['after', 'last', 'follow']);
    const after = params.count('after');
    const last = params.count('last');
    const follow = params.flag('follow');
    const all = catalog.events(after);
    const events = last === undefined ? all : all.slice(Math.max(0, all.length - last));
    const text = events.map((event) => `${JSON.stringify(eventJson(event))}\n`).join('');
    if (!follow) return reply.type(NDJSON).send(text);

    let end = (): void => undefined;
    const outlet = streams.begin(reply, () => end());
    let isDropped = false;
    const send = (message: string): void => {
      if (isDropped) return;
      outlet.send(message);
      if (outlet.waiting <= limits.backlogBytes) return;
      isDropped = true;
      log.warn('dropped a client of /v1/events that reads too slowly; it can resume with ?after=');
      outlet.cut();
    };
    const cancelBeat = every(timers, limits.heartbeatMs, () => send(''));
    const unsubscribe = catalog.onEvent((event) => send(JSON.stringify(eventJson(event))));
    end = () => {
      cancelBeat();
      unsubscribe();
    };
    if (text !== '') send(text.slice(0, -1));
    return reply;
  });
}
