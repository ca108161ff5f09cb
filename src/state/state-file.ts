import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Facts } from '../catalog/facts.js';
import type { SavedHealth } from '../catalog/health-overlay.js';
import type { VipLease } from '../catalog/leases.js';
import { stepWriter, tasksOfSteps } from '../catalog/task-steps.js';
import { removeLeftovers, setAside, writeAtomically } from './atomic-file.js';
import { errorMessage } from '../net/error-message.js';
import { isSavedState } from './saved-check.js';
import { savedDrains, savedState } from './saved-schema.js';

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
    // The schema takes ten times as long, and copies everything. It is asked when something may be wrong.
    const saved = await read(this.path, (content) => {
      const whole = withWholeTasks(content);
      return isSavedState(whole) ? whole : savedState.parse(whole);
    });
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

/** Version 2 writes each task as its difference to the one before it; version 1 wrote it whole. */
const VERSION = 2;

/** A state of version 2 in the form of version 1. Anything else stays as it is, for the schema to say what is wrong. */
function withWholeTasks(content: unknown): unknown {
  if (!isFields(content) || content.version !== VERSION || !isFields(content.sources)) return content;
  const sources = Object.entries(content.sources).map(([name, source]) => {
    if (!isFields(source) || !isFields(source.facts) || !Array.isArray(source.facts.tasks))
      return [name, source];
    return [name, { ...source, facts: { ...source.facts, tasks: tasksOfSteps(source.facts.tasks) } }];
  });
  return { ...content, version: 1, sources: Object.fromEntries(sources) as unknown };
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** List items serialized in one turn of the event loop. That takes about a quarter of a millisecond. */
const ITEMS_A_PIECE = 100;

/** The state as JSON, in pieces. The event loop runs between two pieces. */
function* pieces({ sources, ...rest }: SavedState): Generator<string> {
  yield `${JSON.stringify({ version: VERSION, ...rest }).slice(0, -1)},"sources":{`;
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
  for (const [key, items] of Object.entries<readonly object[] | undefined>({ ...facts })) {
    if (items === undefined) continue;
    const written = key === 'tasks' ? stepWriter() : (item: object) => item;
    yield `${comma}${JSON.stringify(key)}:[`;
    for (let at = 0; at < items.length; at += ITEMS_A_PIECE) {
      const text = JSON.stringify(items.slice(at, at + ITEMS_A_PIECE).map(written)).slice(1, -1);
      yield at === 0 ? text : `,${text}`;
    }
    yield ']';
    comma = ',';
  }
}
