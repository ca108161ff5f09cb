import { z } from 'zod';
import type { AdoptionJson, AdoptionListJson, AdoptionStatusJson } from '../types/adoption.js';
import type { StatusJson } from '../types/status-json.js';
import type { TemplateJson, TemplateListJson } from '../types/templates-json.js';
import {
  count,
  counts,
  flag,
  health,
  histogram,
  number,
  problem,
  text,
  texts,
  time,
  times,
} from './json-values.js';
import { tried } from './resource-schemas.js';
import { vipStatus } from './vip-schemas.js';

const upstream = z.strictObject({
  address: text,
  up: flag,
  failures: count,
  lastError: text.exactOptional(),
  times: times,
});

const dns = z.strictObject({
  listen: texts,
  ready: flag,
  upstreams: texts,
  forwarding: z.strictObject({
    routes: z.array(z.strictObject({ suffix: text, upstreams: z.array(upstream) })),
    flights: count,
    joined: count,
    failures: count,
    overloads: count,
    filtered: count,
    cache: z.strictObject({ hits: count, misses: count, stale: count, prefetches: count, bytes: count }),
  }),
  counters: z.strictObject({
    queries: counts,
    replies: counts,
    dropped: counts,
    packets: counts,
    truncated: count,
    forwarded: count,
    loops: count,
    cookies: counts,
    slipped: count,
    overloads: count,
    faults: count,
  }),
  answering: z.strictObject({
    backend: z.enum(['native', 'dgram']),
    why: text.exactOptional(),
    threads: count,
    restarts: count,
    lastError: text.exactOptional(),
    own: count,
    upstream: count,
    misses: count,
    sendErrors: count,
    batchSizes: histogram,
    times: histogram,
  }),
  transport: z.strictObject({
    udpSendErrors: count,
    udpSocketErrors: count,
    tcpConnections: count,
    tcpRefused: count,
  }),
  zones: z.strictObject({ denied: texts, opened: texts }),
  changes: times,
});

const adoptionStatus = z.strictObject({
  adopted: count,
  left: counts,
  problems: texts,
}) satisfies z.ZodType<AdoptionStatusJson>;

export const status = z
  .strictObject({
    version: text,
    pid: count,
    node: text,
    startedAt: time,
    now: time,
    domain: text,
    environment: text,
    host: z.strictObject({ id: text, name: text, address: text, datacenter: text }),
    internalErrors: count,
    capabilities: texts,
    restart: z.strictObject({ at: time, error: text }).exactOptional(),
    state: z.strictObject({
      directory: text,
      writtenAt: time.exactOptional(),
      failures: count,
      error: text.exactOptional(),
    }),
    config: z.strictObject({
      path: text.exactOptional(),
      hash: text,
      loadedAt: time,
      reload: z.strictObject({ at: time, ok: flag, error: text.exactOptional() }).exactOptional(),
      needsRestart: texts.exactOptional(),
    }),
    dns,
    eventLoop: times,
    api: z.strictObject({ listen: texts }),
    catalog: z.strictObject({
      revision: count,
      at: time,
      loaded: flag,
      services: count,
      tasks: count,
      health: z.partialRecord(health, count),
    }),
    checks: z.strictObject({
      tasks: count,
      failing: count,
      probes: z.array(
        z.strictObject({ kind: text, passed: count, failed: count, local: count, took: times }),
      ),
      late: times,
      running: count,
      waiting: count,
    }),
    drains: count,
    vips: vipStatus,
    templates: z.strictObject({ waiting: count, rendered: count, held: count, failed: count }),
    adoption: adoptionStatus,
    sources: z.array(tried),
    publishers: z.array(tried),
    problems: z.array(problem),
  })
  .meta({ id: 'StatusJson', description: 'The daemon at a glance.' }) satisfies z.ZodType<StatusJson>;

const adoption = z
  .strictObject({
    id: text,
    name: text,
    stack: text,
    adopted: flag,
    code: text.exactOptional(),
    why: text,
    server: text.exactOptional(),
  })
  .meta({ id: 'AdoptionJson' }) satisfies z.ZodType<AdoptionJson>;

export const adoptionList = z
  .strictObject({ containers: z.array(adoption) })
  .meta({ id: 'AdoptionListJson' }) satisfies z.ZodType<AdoptionListJson>;

const template = z
  .strictObject({
    source: text,
    destination: text,
    state: z.enum(['waiting', 'rendered', 'held', 'failed']),
    renderedAt: text.exactOptional(),
    bytes: count.exactOptional(),
    queries: texts,
    missing: texts,
    error: text.exactOptional(),
    command: z
      .strictObject({ text, ok: flag, outcome: text, output: text, at: text, tookMs: number })
      .exactOptional(),
    failures: count,
  })
  .meta({
    id: 'TemplateJson',
    description: 'A file rendered from a template.',
  }) satisfies z.ZodType<TemplateJson>;

export const templateShape = {
  templates: z.array(template),
  program: z
    .strictObject({
      text,
      state: z.enum(['waiting', 'running', 'restarting', 'ended']),
      pid: count.exactOptional(),
      startedAt: text.exactOptional(),
      restarts: count,
      outcome: text.exactOptional(),
    })
    .exactOptional(),
};
export const templateList = z
  .strictObject(templateShape)
  .meta({ id: 'TemplateListJson' }) satisfies z.ZodType<TemplateListJson>;
