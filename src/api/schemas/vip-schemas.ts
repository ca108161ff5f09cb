import { z } from 'zod';
import type { VipCarrier, VipFigures, VipWay } from '../../net/vip-figures.js';
import type { VipJson, VipListJson, VipSettings, VipTaskJson } from '../types/vips-json.js';
import { count, flag, number, refShape, text, time, times } from './json-values.js';

const carriedShape = { active: count, total: count, bytesIn: count, bytesOut: count };
const figuresShape = { ...carriedShape, refused: count, failed: count, retried: count };

export const vipFigures = z.strictObject(figuresShape) satisfies z.ZodType<VipFigures>;

/** What the kernel carries itself has no bytes, refusals and errors. */
const toldShape = {
  active: count,
  total: count,
  bytesIn: count.exactOptional(),
  bytesOut: count.exactOptional(),
};

const plane = z.enum(['proxy', 'nftables', 'ipvs', 'ebpf']);

export const vipCarrier = z.strictObject({
  plane,
  scope: text.exactOptional(),
  left: z.array(z.strictObject({ bridge: text, why: text })).exactOptional(),
  why: text.exactOptional(),
}) satisfies z.ZodType<VipCarrier>;

const vipWay = z.strictObject({
  from: text,
  to: text,
  source: z.enum(['client', 'host']).exactOptional(),
  why: text.exactOptional(),
}) satisfies z.ZodType<VipWay>;

export const vipSettings = z.strictObject({
  maxConnections: count.exactOptional(),
  maxPerClient: count.exactOptional(),
  affinity: number.exactOptional(),
  proxyProtocol: z.enum(['v1', 'v2']).exactOptional(),
  acceptProxy: z.literal(true).exactOptional(),
  ops: z.literal(true).exactOptional(),
}) satisfies z.ZodType<VipSettings>;

export const vipState = z.enum(['up', 'empty', 'down']);

const vipTask = z
  .strictObject({
    id: text,
    name: text,
    address: text,
    weight: number,
    configuredWeight: count.exactOptional(),
    slowStart: number.exactOptional(),
    maxConnections: count.exactOptional(),
    state: z.enum(['active', 'full', 'quiesced', 'draining']),
    ...toldShape,
    errors: count.exactOptional(),
  })
  .meta({ id: 'VipTaskJson' }) satisfies z.ZodType<VipTaskJson>;

export const vip = z
  .strictObject({
    ...refShape,
    key: text,
    name: text,
    vip: text,
    port: count,
    protocol: z.enum(['tcp', 'udp']),
    scheduler: text,
    settings: vipSettings.exactOptional(),
    state: vipState,
    problem: text.exactOptional(),
    carrier: vipCarrier.exactOptional(),
    connects: times.exactOptional(),
    ...toldShape,
    refused: count.exactOptional(),
    failed: count.exactOptional(),
    retried: count,
    tasks: z.array(vipTask),
  })
  .meta({ id: 'VipJson', description: 'A port of a virtual IP.' }) satisfies z.ZodType<VipJson>;

export const vipList = z
  .strictObject({ revision: count, now: time, vips: z.array(vip) })
  .meta({ id: 'VipListJson' }) satisfies z.ZodType<VipListJson>;

export const vipStatus = z.strictObject({
  plane: z.enum(['proxy', 'nftables', 'ipvs', 'ebpf', 'off']),
  pool: text.exactOptional(),
  why: text.exactOptional(),
  wanted: flag.exactOptional(),
  services: count,
  repairs: count.exactOptional(),
  carrier: z.strictObject({
    threads: count,
    restarts: count,
    lastError: text.exactOptional(),
    flows: count,
    maxFlows: count.exactOptional(),
    descriptors: count,
    maxDescriptors: count,
    kernel: z
      .strictObject({ services: count, why: text.exactOptional(), ways: z.array(vipWay).exactOptional() })
      .exactOptional(),
  }),
  carried: vipFigures,
  connects: times.exactOptional(),
});
