import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Facts } from './facts.js';

/** What each source had told, and when that was last known to be true. */
export type SavedFacts = ReadonlyMap<string, { readonly facts: Facts; readonly asOf: number }>;

// Only what code dereferences is checked: the file is our own, but a disk may give back anything.
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
const health = z.enum(['initializing', 'healthy', 'unhealthy', 'reinitializing', 'draining', 'stopped']);
const upstream = z.object({
  ip: text,
  port: z.number(),
  tls: z.object({ name: text.optional() }).optional(),
});
const task = z.looseObject({
  id: text,
  name: text,
  names: list(text),
  environment: text,
  stack: text,
  service: serviceRef.optional(),
  health,
  endpoints: list(z.object({ network: text, ip: text })),
  clientAddresses: list(text).optional(),
  ports: list(z.looseObject({ ...port.shape, target: z.number(), published: list(published).optional() })),
  labels: textMap,
  links: textMap,
  upstreams: list(upstream).optional(),
  weight: z.number(),
  expose: z.boolean(),
});
const service = z.looseObject({
  ...serviceRef.shape,
  kind: z.enum(['tasks', 'external', 'alias']),
  vip: text.optional(),
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
});
const client = z.looseObject({
  address: text,
  environment: text,
  stack: text,
  links: textMap,
  upstreams: list(upstream).optional(),
});
const savedState = z.object({
  version: z.literal(1),
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

/**
 * The facts in the state directory, so that a restart with every source away still answers. Written whole to a
 * temporary file, flushed, and renamed: what is there is always one complete state.
 */
export class StateFile {
  readonly path: string;

  constructor(directory: string) {
    this.path = join(directory, 'catalog.json');
  }

  /**
   * @returns nothing saved: an empty map
   * @throws Error (one line, with the path and what to do) when the file is there but cannot be used
   */
  async load(): Promise<SavedFacts> {
    let content: string;
    try {
      content = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
      throw new Error(`${this.path}: cannot be read (${message(error)}); starting without saved facts`, {
        cause: error,
      });
    }
    try {
      const { sources } = savedState.parse(JSON.parse(content));
      // The schema is looser than Facts only in optional fields that are copied, never dereferenced.
      return new Map(Object.entries(sources) as unknown as [string, { facts: Facts; asOf: number }][]);
    } catch (error) {
      const why = error instanceof z.ZodError ? z.prettifyError(error).split('\n')[0] : message(error);
      throw new Error(
        `${this.path}: is no saved state (${why ?? ''}); starting without it, it will be written anew`,
        {
          cause: error,
        },
      );
    }
  }

  async save(saved: SavedFacts): Promise<void> {
    const temporary = `${this.path}.${process.pid}.tmp`;
    await mkdir(dirname(this.path), { recursive: true, mode: 0o750 });
    try {
      const file = await open(temporary, 'w', 0o640);
      try {
        await file.writeFile(JSON.stringify({ version: 1, sources: Object.fromEntries(saved) }));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw new Error(`${this.path}: cannot be written (${message(error)}); check the "state" directory`, {
        cause: error,
      });
    }
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
