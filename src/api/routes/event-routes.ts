import type { ServerResponse } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { eventJson } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import { ApiProblem } from '../problem.js';

export interface StreamLimits {
  /** Milliseconds between the blank lines that show that a silent stream is alive. */
  readonly heartbeatMs: number;
  /** A client that lets this many octets pile up is dropped. */
  readonly backlogBytes: number;
  readonly maxStreams: number;
  /** How many may read the metrics at a time: Prometheus and a few people. */
  readonly maxScrapes: number;
  /** One that takes nothing of the metrics for so long, in milliseconds, is dropped. */
  readonly stallMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  heartbeatMs: 15_000,
  backlogBytes: 1 << 20,
  maxStreams: 64,
  maxScrapes: 8,
  stallMs: 30_000,
};

const NDJSON = 'application/x-ndjson; charset=utf-8';

/** `/v1/events`: the trail as NDJSON; with `follow` it goes on until either side ends it. */
export function eventRoutes(app: FastifyInstance, { catalog, log }: ApiPorts, limits: StreamLimits): void {
  const streams = new Set<ServerResponse>();

  app.addHook('preClose', (done) => {
    for (const stream of streams) stream.end();
    done();
  });

  app.get('/v1/events', (request, reply) => {
    const params = new Params(request.query, ['after', 'last', 'follow']);
    const after = params.count('after');
    const last = params.count('last');
    const follow = params.flag('follow');
    const all = catalog.events(after);
    const events = last === undefined ? all : all.slice(Math.max(0, all.length - last));
    const text = events.map((event) => `${JSON.stringify(eventJson(event))}\n`).join('');
    if (!follow) return reply.type(NDJSON).send(text);
    if (streams.size >= limits.maxStreams) {
      const detail = `${limits.maxStreams} clients follow already, which is the most there may be; end one of them`;
      throw new ApiProblem(503, 'too-many-streams', detail);
    }

    reply.hijack();
    const { raw } = reply;
    const write = (line: string) => {
      raw.write(line);
      if (raw.writableLength <= limits.backlogBytes) return;
      log.warn('a client of /v1/events reads too slowly and was dropped; it can resume with ?after=');
      raw.destroy();
    };
    const heartbeat = setInterval(() => write('\n'), limits.heartbeatMs);
    const unsubscribe = catalog.onEvent((event) => write(`${JSON.stringify(eventJson(event))}\n`));
    streams.add(raw);
    raw.on('error', () => raw.destroy());
    raw.on('close', () => {
      clearInterval(heartbeat);
      unsubscribe();
      streams.delete(raw);
    });
    raw.writeHead(200, { 'content-type': NDJSON, 'cache-control': 'no-store' });
    raw.flushHeaders();
    if (text !== '') write(text);
    return reply;
  });
}
