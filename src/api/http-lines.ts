import type { ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';
import type { Timers } from '../runtime/timers.js';
import { ApiProblem } from './problem.js';
import type { StreamLimits } from './stream-limits.js';
import type { Places } from './stream-places.js';
import type { Outlet } from './stream/outlet.js';

/** JSON objects, one per line (https://github.com/ndjson/ndjson-spec). */
export const NDJSON = 'application/x-ndjson; charset=utf-8';

/** The HTTP streams of one scope: limits their number, and ends them when the face stops. */
export class HttpStreams {
  readonly #limits: StreamLimits;
  readonly #places: Places;
  readonly #timers: Pick<Timers, 'after'>;
  readonly #open = new Set<ServerResponse>();

  constructor(limits: StreamLimits, places: Places, timers: Pick<Timers, 'after'>) {
    this.#limits = limits;
    this.#places = places;
    this.#timers = timers;
  }

  /**
   * Turns an answer into a stream of lines.
   * @param onClose called once, when the reader is gone
   * @throws ApiProblem `too-many-streams`
   */
  begin(reply: FastifyReply, onClose: () => void): Outlet {
    const { stallMs } = this.#limits;
    if (!this.#places.areLeft) {
      const detail = `${this.#places.most} clients already follow, which is the limit; end one of them`;
      throw new ApiProblem(503, 'too-many-streams', detail);
    }
    reply.hijack();
    const { raw } = reply;
    this.#open.add(raw);
    this.#places.take();
    raw.on('error', () => raw.destroy());
    raw.on('close', () => {
      this.#open.delete(raw);
      this.#places.free();
      onClose();
    });
    raw.writeHead(200, { 'content-type': NDJSON, 'cache-control': 'no-store' });
    raw.flushHeaders();
    return lines(raw, stallMs, this.#timers);
  }

  close(): void {
    for (const stream of this.#open) stream.end();
  }
}

function lines(raw: ServerResponse, patienceMs: number, timers: Pick<Timers, 'after'>): Outlet {
  const isOpen = (): boolean => !raw.destroyed && !raw.writableEnded;
  return {
    send: (message) => {
      if (isOpen()) raw.write(`${message}\n`);
    },
    get waiting() {
      return raw.writableLength;
    },
    onDrained: (callback) => {
      if (!isOpen() || raw.writableLength === 0) {
        callback();
        return;
      }
      const done = () => {
        raw.off('drain', done);
        raw.off('close', done);
        callback();
      };
      raw.on('drain', done);
      raw.on('close', done);
    },
    end: (message) => {
      if (!isOpen()) return;
      raw.end(`${message}\n`);
      raw.once(
        'close',
        timers.after(patienceMs, () => raw.destroy()),
      );
    },
    cut: () => raw.destroy(),
    get isOpen() {
      return isOpen();
    },
  };
}
