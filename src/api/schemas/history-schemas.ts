import { z } from 'zod';
import { HISTORY_FIGURES, HISTORY_RANGES } from '../../net/history-figures.js';
import type { HistoryJson } from '../types/history-json.js';
import { count, number, refShape, text, texts, time } from './json-values.js';

export const historyFigure = z.enum(HISTORY_FIGURES);

const series = z.strictObject({
  figure: historyFigure,
  of: z
    .strictObject({
      id: text.exactOptional(),
      name: text,
      ...refShape,
      service: text.exactOptional(),
      port: count.exactOptional(),
      protocol: z.enum(['tcp', 'udp']).exactOptional(),
    })
    .exactOptional(),
  values: z.array(z.union([number, z.null()])),
});

export const history = z
  .strictObject({
    now: time,
    range: z.enum(HISTORY_RANGES),
    stepMs: count,
    end: time,
    healths: texts,
    left: count,
    series: z.array(series),
  })
  .meta({ id: 'HistoryJson', description: 'Figures over time.' }) satisfies z.ZodType<HistoryJson>;
