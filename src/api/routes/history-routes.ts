import type { FastifyInstance } from 'fastify';
import { findTask } from '../find-task.js';
import { jsonListStream } from '../json-stream.js';
import { timestamp } from '../json.js';
import { Params } from '../params.js';
import type { ApiPorts } from '../ports.js';
import {
  HISTORY_FIGURES,
  HISTORY_HEALTHS,
  HISTORY_KINDS,
  HISTORY_RANGES,
  type HistorySubject,
} from '../../net/history-figures.js';
import type { HistoryJson } from '../types/history-json.js';

/** `/v1/history`: the figures of the last hour and the last day. */
export function historyRoutes(app: FastifyInstance, { catalog, history, clock }: ApiPorts): void {
  app.get('/v1/history', (request, reply) => {
    const params = new Params(request.query, [
      ...['of', 'range', 'figure', 'last', 'environment', 'stack', 'service', 'task'],
    ]);
    const range = params.oneOf('range', HISTORY_RANGES) ?? '1h';
    const kind = params.oneOf('of', HISTORY_KINDS) ?? 'daemon';
    const figure = params.oneOf('figure', HISTORY_FIGURES);
    const last = params.count('last');
    const [environment, stack, service] = ['environment', 'stack', 'service'].map((key) => params.text(key));
    const wanted = params.text('task');
    // A task that is gone is found by its whole id.
    const task = wanted === undefined || wanted.length >= 64 ? wanted : findTask(catalog.snapshot, wanted).id;
    const fits = (of: HistorySubject): boolean =>
      (environment === undefined || of.environment === environment) &&
      (stack === undefined || of.stack === stack) &&
      (service === undefined || of.service === service) &&
      (task === undefined || of.id === task);
    const { stepMs, end, left, series } = history.read({ range, kind, figure, last, fits });
    const head: Omit<HistoryJson, 'series'> = {
      now: timestamp(clock()),
      range,
      stepMs,
      end: timestamp(end),
      healths: HISTORY_HEALTHS,
      left,
    };
    return reply.type('application/json; charset=utf-8').send(jsonListStream(head, 'series', series));
  });
}
