import { z } from 'zod';
import type { ExplainJson, QueryJson, ViewJson } from '../types/query-json.js';
import { count, flag, health, number, text, texts } from './json-values.js';
import { vipCarrier, vipSettings, vipState } from './vip-schemas.js';

const view = z
  .strictObject({
    address: text.exactOptional(),
    environment: text,
    stack: text.exactOptional(),
    service: text.exactOptional(),
    task: text.exactOptional(),
    networks: z.union([texts, z.literal('all')]),
  })
  .meta({ id: 'ViewJson', description: 'What one client can see.' }) satisfies z.ZodType<ViewJson>;

const record = z.strictObject({ name: text, type: text, ttl: count, data: text }).meta({ id: 'RecordJson' });

export const query = z
  .strictObject({
    rcode: text,
    flags: texts,
    question: z.strictObject({ name: text, type: text }),
    answers: z.array(record),
    authority: z.array(record),
    additional: z.array(record),
    errors: z.array(z.strictObject({ code: count, text })),
    undecoded: text.exactOptional(),
    wire: text,
    source: z.enum(['own', 'upstream', 'none']),
    rule: text,
    ms: number,
    view,
  })
  .meta({
    id: 'QueryJson',
    description: 'An answer as a client would get it.',
  }) satisfies z.ZodType<QueryJson>;

export const explain = z
  .strictObject({
    name: text,
    type: text,
    view,
    elsewhere: text.exactOptional(),
    steps: z.array(z.strictObject({ tried: text, matched: flag, why: text })),
    rule: text,
    rcode: text,
    vip: z
      .strictObject({
        address: text,
        ports: z.array(
          z.strictObject({
            port: count,
            protocol: z.enum(['tcp', 'udp']),
            scheduler: text,
            settings: vipSettings.exactOptional(),
            state: vipState,
            problem: text.exactOptional(),
            carrier: vipCarrier.exactOptional(),
          }),
        ),
      })
      .exactOptional(),
    tasks: z.array(
      z.strictObject({
        id: text,
        name: text,
        service: text.exactOptional(),
        health,
        reason: text.exactOptional(),
        addresses: texts,
        in: flag,
        why: text,
      }),
    ),
    answers: texts,
  })
  .meta({ id: 'ExplainJson', description: 'The reasons for an answer.' }) satisfies z.ZodType<ExplainJson>;
