import { pipeline, Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { NDJSON } from '../http-lines.js';
import { Params } from '../params.js';
import { acceptsGzip } from '../static-file.js';
import type { StateFeed } from '../stream/state-feed.js';

/** So much text is made while zlib packs what came before; a part of a large catalog has about 100 KB. */
const AHEAD_BYTES = 1 << 20;

/** Each piece that zlib gives out costs a way between threads; its own size is 16 KiB. */
const CHUNK_BYTES = 64 * 1024;

/**
 * `/v1/state`: the snapshot that begins the stream, compressed where the client can read that. A client that goes on
 * with its cursor gets a large catalog over the wire in a fraction of the bytes.
 */
export function stateRoutes(app: FastifyInstance, feed: StateFeed): void {
  app.get('/v1/state', (request, reply) => {
    new Params(request.query, []);
    const lines = Readable.from(inTurns(feed.snapshot()), { objectMode: false, highWaterMark: AHEAD_BYTES });
    void reply.type(NDJSON).header('vary', 'accept-encoding');
    if (!acceptsGzip(request.raw)) return reply.send(lines);
    // zlib's own threads do the work.
    const packed = createGzip({ level: 6, chunkSize: CHUNK_BYTES });
    pipeline(lines, packed, () => undefined);
    return reply.header('content-encoding', 'gzip').send(packed);
  });
}

/** The name server answers between the messages. */
async function* inTurns(messages: Iterable<string>): AsyncGenerator<string> {
  for (const message of messages) {
    yield `${message}\n`;
    await nextTurn();
  }
}
