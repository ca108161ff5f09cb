import { z } from 'zod';
import { LAST_DATE } from '../catalog/health-overlay.js';
import { SCHEDULERS, type Balancing } from '../net/balancing.js';

// The schema checks only what the code dereferences. The file is our own, but a disk may return anything.
const text = z.string();
const textMap = z.record(text, text);
const list = <T extends z.ZodType>(item: T) => z.array(item);
const serviceRef = z.looseObject({
  environment: text,
  stack: text,
  service: text,
  sidekick: text.optional(),
});
const port = z.looseObject({ port: z.number(), protocol: z.enum(['tcp', 'udp', 'sctp']) });
const published = z.object({ ip: text, port: z.number() });
export const probed = ['initializing', 'healthy', 'unhealthy', 'reinitializing'] as const;
const health = z.enum([...probed, 'draining', 'stopped']);
const upstreams = list(
  z.object({
    ip: text,
    port: z.number(),
    tls: z.object({ name: text.optional() }).optional(),
  }),
);
const number = z.number();
const balancing = z.object({
  scheduler: z.enum(SCHEDULERS).exactOptional(),
  affinity: number.exactOptional(),
  maxConnections: number.exactOptional(),
  serviceMaxConnections: number.exactOptional(),
  maxPerClient: number.exactOptional(),
  proxyProtocol: z.enum(['v1', 'v2', 'none']).exactOptional(),
  acceptProxy: z.boolean().exactOptional(),
  onDown: z.enum(['keep', 'reset']).exactOptional(),
  idleTimeout: number.exactOptional(),
  drainTimeout: number.exactOptional(),
  udpReplies: number.exactOptional(),
  ops: z.boolean().exactOptional(),
  slowStart: number.exactOptional(),
  panicThreshold: number.exactOptional(),
  minHealthy: number.exactOptional(),
} satisfies Record<keyof Balancing, z.ZodType>);
const task = z.looseObject({
  id: text,
  node: z
    .object({ id: text, name: text, address: text.exactOptional(), version: text.exactOptional() })
    .exactOptional(),
  name: text,
  names: list(text),
  environment: text,
  stack: text,
  service: serviceRef.optional(),
  origin: text.exactOptional(),
  sealed: z.literal(true).exactOptional(),
  health,
  healthFrom: z.literal('check').optional(),
  selfCheck: z.object({ ok: z.boolean(), detail: text, at: number, took: number }).optional(),
  endpoints: list(z.object({ network: text, ip: text })),
  clientAddresses: list(text).optional(),
  aliases: list(z.object({ network: text, names: list(text) })).optional(),
  resolver: z
    .object({
      path: text,
      servers: list(text),
      namespace: z.enum(['own', 'host', 'container', 'none']),
      isMounted: z.boolean(),
      namespaces: list(text),
      isRunning: z.boolean(),
    })
    .optional(),
  asksFairlead: z.boolean().optional(),
  ports: list(z.looseObject({ ...port.shape, target: z.number(), published: list(published).optional() })),
  labels: textMap,
  links: textMap,
  upstreams: upstreams.optional(),
  weight: number,
  expose: z.boolean(),
  vip: text.exactOptional(),
  balancing: balancing.exactOptional(),
  image: text.exactOptional(),
  imageId: text.exactOptional(),
  createdAt: number.exactOptional(),
  startedAt: number.exactOptional(),
  restarts: number.exactOptional(),
});
const service = z.looseObject({
  ...serviceRef.shape,
  kind: z.enum(['tasks', 'external', 'alias']),
  vip: text.exactOptional(),
  sealed: z.literal(true).exactOptional(),
  balancing: balancing.exactOptional(),
  ports: list(port).optional(),
  externalIps: list(text).optional(),
  aliasOf: list(serviceRef).optional(),
});
const network = z.looseObject({
  id: text,
  name: text,
  driver: text,
  internal: z.boolean(),
  subnets: list(text),
  gateways: list(text),
  separate: z.literal(true).exactOptional(),
});
const client = z.looseObject({
  address: text,
  environment: text,
  stack: text,
  links: textMap,
  upstreams: upstreams.optional(),
});
const time = z.number().min(-LAST_DATE).max(LAST_DATE);
const drainMarks = list(
  z.object({
    target: z.union([z.strictObject({ task: text }), z.strictObject({ service: text })]),
    at: time,
    until: time.exactOptional(),
    note: text.exactOptional(),
  }),
);
const savedHealth = z.object({
  reports: z.record(text, z.object({ health: z.enum(probed), cause: text, run: z.number().exactOptional() })),
  drains: drainMarks,
});
/** `drains.json`. */
export const savedDrains = z.object({ version: z.literal(1), drains: drainMarks });
/** `catalog.json`. `saved-check.ts` says the same in a form that is cheaper to run. */
export const savedState = z.object({
  version: z.literal(1),
  health: savedHealth.exactOptional(),
  vips: list(z.object({ service: text, vip: text, goneAt: time.exactOptional() })).exactOptional(),
  sources: z.record(
    text,
    z.object({
      asOf: z.number(),
      facts: z.object({
        tasks: list(task),
        services: list(service),
        networks: list(network),
        clients: list(client),
      }),
    }),
  ),
});

export type SavedContent = z.infer<typeof savedState>;

/** What `saved-check.ts` leaves to the schema. */
export type Part = z.ZodType;
export const savedNetworks: Part = list(network);
export const savedClients: Part = list(client);
export const savedDrainMarks: Part = drainMarks;
export const savedBalancing: Part = balancing;
export const savedUpstreams: Part = upstreams;
