import { z } from 'zod';
import { dnsLabel, must } from './value-schemas.js';

/** A mapping with these keys and no others. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, must(`a mapping of keys (${Object.keys(shape).join(', ')})`));
}

/** Settings, or `false` to switch the thing off. */
export function switchable<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join(', ');
  return z.union(
    [z.literal(false), section(shape)],
    must(`a mapping of keys (${keys}), or false to switch it off`),
  );
}

/** As {@link switchable}, or a list of such settings, each with a name: several of one kind. */
export function repeatable<Shape extends z.ZodRawShape>(shape: Shape) {
  const keys = Object.keys(shape).join(', ');
  const name = dnsLabel()
    .describe('Tells several of one kind apart. The name of the source is then `kind:name`.')
    .optional();
  return z.union(
    [z.literal(false), section(shape), z.array(section({ name, ...shape }))],
    must(`a mapping of keys (${keys}), a list of such mappings, or false to switch it off`),
  );
}
