import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { SCHEDULERS, type Balancing } from '../net/balancing.js';
import type { Facts } from '../catalog/facts.js';
import { LAST_DATE, type SavedHealth } from '../catalog/health-overlay.js';
import type { VipLease } from '../catalog/leases.js';
import { removeLeftovers, setAside, writeAtomically } from './atomic-file.js';
import { errorMessage } from '../net/error-message.js';

/** The facts that each source last reported, and when they were last known to be true. */
export type SavedFacts = ReadonlyMap<string, { readonly facts: Facts; readonly asOf: number }>;

/** Everything that the daemon restores after a restart. */
export interface SavedState {
  readonly sources: SavedFacts;
  /** Undefined if the file's version did not store it. */
  readonly health?: SavedHealth;
  /** The virtual IP of each service. Undefined if the file's version did not store it. */
  readonly vips?: readonly VipLease[];
}

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
const probed = ['initializing', 'healthy', 'unhealthy', 'reinitializing'] as const;
const health = z.enum([...probed, 'draining', 'stopped']);
const upstream = z.object({
  ip: text,
  port: z.number(),
  tls: z.object({ name: text.optional() }).optional(),
});
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
  node: z.object({ id: text, name: text }).exactOptional(),
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
  upstreams: list(upstream).optional(),
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
  upstreams: list(upstream).optional(),
});
const time = z.number().min(-LAST_DATE).max(LAST_DATE);
const savedHealth = z.object({
  reports: z.record(text, z.object({ health: z.enum(probed), cause: text, run: z.number().exactOptional() })),
  drains: list(
    z.object({
      target: z.union([z.strictObject({ task: text }), z.strictObject({ service: text })]),
      at: time,
      until: time.exactOptional(),
      note: text.exactOptional(),
    }),
  ),
});
const savedDrains = z.object({ version: z.literal(1), drains: savedHealth.shape.drains });
const savedState = z.object({
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

/** The saved state is unusable. The message is one line: what, where, why, and where the file was moved. */
export class UnusableState extends Error {
  override readonly name = 'UnusableState';
}

/**
 * The files in the state directory. They let a restarted daemon answer while every source is away. If the sources are
 * there, a restart changes no task's health. Each file always holds one complete state.
 */
export class StateFile {
  readonly path: string;
  readonly #drains: string;

  constructor(directory: string) {
    this.path = join(directory, 'catalog.json');
    this.#drains = join(directory, 'drains.json');
  }

  /**
   * Moves an unusable file out of the way so that it is not overwritten.
   * @returns the usable state, and a fault for each unusable file
   */
  async load(): Promise<{ readonly state: SavedState; readonly faults: readonly UnusableState[] }> {
    const faults: UnusableState[] = [];
    const read = async <T>(path: string, parse: (content: unknown) => T): Promise<T | undefined> => {
      await removeLeftovers(path);
      try {
        return await readSaved(path, parse);
      } catch (error) {
        if (!(error instanceof UnusableState)) throw error;
        faults.push(error);
        return undefined;
      }
    };
    const saved = await read(this.path, (content) => savedState.parse(content));
    const drains = await read(this.#drains, (content) => savedDrains.parse(content).drains);
    // The schema is looser than Facts only in optional fields that are copied, never dereferenced.
    const facts = Object.entries(saved?.sources ?? {}) as unknown as [
      string,
      { facts: Facts; asOf: number },
    ][];
    const health = saved?.health ?? (drains && { reports: {}, drains });
    const state: SavedState = {
      sources: new Map(facts),
      ...(health && { health: { ...health, drains: drains ?? health.drains } }),
      ...(saved?.vips && { vips: saved.vips }),
    };
    return { state, faults };
  }

  /** @throws Error with one line: the path, the reason, and what to do */
  async save(state: SavedState): Promise<void> {
    await write(this.path, pieces(state));
  }

  /**
   * Saves only the drains. An operator waits for this, and writing all facts of a large catalog takes seconds.
   * @throws Error with one line: the path, the reason, and what to do
   */
  async saveDrains(drains: SavedHealth['drains']): Promise<void> {
    await write(this.#drains, [JSON.stringify({ version: 1, drains })]);
  }
}

async function write(path: string, content: Iterable<string>): Promise<void> {
  try {
    await writeAtomically(path, content);
  } catch (error) {
    throw new Error(
      `${path}: cannot be written (${errorMessage(error)}); check the disk and the "state" directory`,
      {
        cause: error,
      },
    );
  }
}

/** @returns undefined when the file does not exist */
async function readSaved<T>(path: string, parse: (content: unknown) => T): Promise<T | undefined> {
  let why: string;
  try {
    return parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    why = whyUnusable(error);
  }
  const backup = await setAside(path);
  const kept = backup === undefined ? 'it could not be moved away' : `it is kept as ${backup}`;
  throw new UnusableState(
    `${path}: the saved state cannot be used (${why}); Fairlead starts without it, and ${kept}`,
  );
}

function whyUnusable(error: unknown): string {
  if (!(error instanceof z.ZodError)) return errorMessage(error);
  if (error.issues.some(({ path }) => path[0] === 'version')) return 'another version of Fairlead wrote it';
  return z.prettifyError(error).split('\n')[0] ?? '';
}

/** List items serialized in one turn of the event loop. That takes about a quarter of a millisecond. */
const ITEMS_A_PIECE = 100;

/** The state as JSON, in pieces. The event loop runs between two pieces. */
function* pieces({ sources, ...rest }: SavedState): Generator<string> {
  yield `${JSON.stringify({ version: 1, ...rest }).slice(0, -1)},"sources":{`;
  let comma = '';
  for (const [name, { asOf, facts }] of sources) {
    yield `${comma}${JSON.stringify(name)}:{"asOf":${asOf},"facts":{`;
    yield* lists(facts);
    yield '}}';
    comma = ',';
  }
  yield '}}';
}

function* lists(facts: Facts): Generator<string> {
  let comma = '';
  for (const [key, items] of Object.entries<readonly unknown[] | undefined>({ ...facts })) {
    if (items === undefined) continue;
    yield `${comma}${JSON.stringify(key)}:[`;
    for (let at = 0; at < items.length; at += ITEMS_A_PIECE) {
      const text = JSON.stringify(items.slice(at, at + ITEMS_A_PIECE)).slice(1, -1);
      yield at === 0 ? text : `,${text}`;
    }
    yield ']';
    comma = ',';
  }
}
