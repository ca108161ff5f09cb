import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import {
  createDockerSource,
  type DockerSource,
  type DockerSourceOptions,
} from '../../../src/sources/docker/docker-source.js';
import { FakeEngine } from './fake-engine.js';
import { MemorySink } from './memory-sink.js';

/** The source on the real client, against a real HTTP server on a unix socket; fresh for every case. */
export interface Harness {
  readonly engine: FakeEngine;
  readonly sink: MemorySink;
  /** A new folder; the engine's socket is in it. */
  readonly folder: string;
  source(over?: Partial<DockerSourceOptions>): DockerSource;
  /** Makes a source and starts it. */
  started(over?: Partial<DockerSourceOptions>): Promise<void>;
  /** Resolves when the sink shows this, sorted, and nothing else. */
  shows(...picture: string[]): Promise<void>;
}

const never = 600_000;

/** Only what a busy machine cannot change is cut short: limits on the engine's answers are out of reach. */
export const timing = {
  ...{ call: never, connect: never, ping: never, place: never, created: never, drainGrace: never },
  ...{ minBackoff: 10, blindBackoff: 20 },
};

/** For engines that do not answer. A call that a busy machine makes late is repeated. */
export const impatient = { ...timing, call: 1000, place: 150 };

export function useHarness(): Harness {
  let folder = '';
  let engine = new FakeEngine('');
  let sink = new MemorySink();
  let sources: DockerSource[] = [];

  // Loading the client takes longer than some of the limits above.
  beforeAll(async () => {
    await import('dockerode');
  });

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fairlead-docker-'));
    engine = new FakeEngine(join(folder, 'docker.sock'));
    sink = new MemorySink();
    sources = [];
    await engine.up();
  });

  afterEach(async () => {
    for (const source of sources) await source.stop();
    await engine.down();
    rmSync(folder, { recursive: true });
  });

  const source = (over: Partial<DockerSourceOptions> = {}) => {
    const made = createDockerSource({
      ...{
        socket: engine.socket,
        environment: 'default',
        hostAddress: () => '192.0.2.1',
        resyncMs: never,
        timing,
      },
      ...over,
    });
    sources.push(made);
    return made;
  };

  return {
    get engine() {
      return engine;
    },
    get sink() {
      return sink;
    },
    get folder() {
      return folder;
    },
    source,
    started: (over) => source(over).start(sink),
    shows: (...picture) => sink.until(() => JSON.stringify(sink.picture) === JSON.stringify(picture)),
  };
}
