import { z } from 'zod';
import type { HostJson, HostListJson } from '../types/hosts-json.js';
import { count, flag, health, text, texts, time } from './json-values.js';

const host = z
  .strictObject({
    id: text.describe('the id of its Fairlead, or the registry’s name for a host without one'),
    name: text,
    address: text.exactOptional(),
    version: text.describe('of its Fairlead').exactOptional(),
    self: flag.describe('whether it is the host that answers'),
    tasks: count,
    health: z.partialRecord(health, count),
    sources: texts,
    state: z.enum(['loading', 'live', 'stale']),
    asOf: time.exactOptional(),
  })
  .meta({
    id: 'HostJson',
    description: 'A host whose tasks are in the catalog.',
  }) satisfies z.ZodType<HostJson>;

export const hostList = z
  .strictObject({ revision: count, now: time, hosts: z.array(host) })
  .meta({ id: 'HostListJson' }) satisfies z.ZodType<HostListJson>;
