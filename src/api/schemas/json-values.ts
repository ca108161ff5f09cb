import { z } from 'zod';
import { HEALTHS, type Problem } from '../../catalog/model.js';
import type { Counts, HistogramJson } from '../types/dns-figures.js';
import type { ServiceRefJson } from '../types/references.js';

/**
 * What the JSON of the API consists of. The schemas are strict, so that tests find a key that they lack; clients must
 * ignore unknown keys all the same, because keys may be added.
 */

export const text = z.string();
export const number = z.number();
export const flag = z.boolean();
export const count = z.int().min(0);
export const texts = z.array(text);
export const textMap = z.record(text, text);

export const time = z.iso.datetime({ precision: 3 }).describe('RFC 3339, UTC, milliseconds');

export const health = z.enum(HEALTHS);

export const counts = z.record(text, count) satisfies z.ZodType<Counts>;

export const histogram = z.strictObject({
  bounds: z.array(number),
  counts: z.array(count),
}) satisfies z.ZodType<HistogramJson>;

const ref = {
  environment: text,
  stack: text,
  service: text,
  sidekick: text.exactOptional(),
};
export const refShape: typeof ref = ref;
export const serviceRef = z
  .strictObject(ref)
  .meta({ id: 'ServiceRefJson', description: 'The name of a service.' }) satisfies z.ZodType<ServiceRefJson>;

export const problem = z
  .strictObject({
    code: text,
    subject: text,
    message: text,
    task: text.exactOptional(),
  })
  .meta({
    id: 'Problem',
    description: 'Something that cannot be used or served, and what to do.',
  }) satisfies z.ZodType<Problem>;

/** A histogram of times in milliseconds. */
export const times = z.strictObject({ bounds: z.array(number), counts: z.array(count), sum: number });
