import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Catalog } from '../catalog/catalog.js';
import type { SavedFacts } from '../catalog/state-file.js';
import type { Source } from '../catalog/facts.js';
import type { Config } from '../config/model.js';
import { ExecError, type ContainerExec } from '../sources/docker/container-exec.js';
import { hostAddress } from '../linux/addresses.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import type { DaemonLog } from './log.js';
import type { Pace } from '../runtime/pace.js';
import { PacedSink } from './paced-sink.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';

/** The kinds of source in the order of precedence: what an operator writes into a file wins over what is found. */
const ORDER = ['file', 'docker'] as const;
/** How long a start waits for the first facts, in milliseconds. */
const FIRST_FACTS_MS = 2000;

type SourceName = (typeof ORDER)[number];

interface Running {
  readonly source: Source;
  readonly exec: ContainerExec | undefined;
  readonly sink: PacedSink;
  readonly settings: unknown;
}

interface Created {
  readonly source: Source;
  /** Present when it can run programs in its tasks. */
  readonly exec?: ContainerExec;
}

/** The sources that the configuration names, started, and restarted when their settings change. */
export class Sources implements Part {
  readonly name = 'sources';
  readonly #catalog: Catalog;
  readonly #log: DaemonLog;
  readonly #pace: Pace;
  readonly #saved: () => SavedFacts | undefined;
  readonly #running = new Map<SourceName, Running>();

  /** @param saved facts that are served until a source has spoken; asked for once, at the start */
  constructor(catalog: Catalog, pace: Pace, log: DaemonLog, saved: () => SavedFacts | undefined) {
    this.#catalog = catalog;
    this.#pace = pace;
    this.#log = log;
    this.#saved = saved;
  }

  /**
   * Makes the running sources those of the configuration. A source whose settings did not change goes on undisturbed.
   * @param saved facts that are served until a source has spoken
   * @returns resolves when each new source has made its first attempt
   */
  async #change(config: Config, saved?: SavedFacts): Promise<void> {
    const wanted = new Map(ORDER.map((name) => [name, settingsOf(config, name)]));
    const changed = ORDER.filter(
      (name) => !isDeepStrictEqual(this.#running.get(name)?.settings, wanted.get(name)),
    );
    // Sinks come first and in order: until its source has spoken, nothing may be denied. The facts of a source whose
    // settings changed go on being served until the new one has spoken.
    const sinks = new Map(
      ORDER.filter((name) => wanted.get(name) !== undefined).map((name) => [
        name,
        this.#running.get(name)?.sink ?? this.#createSink(name, saved),
      ]),
    );
    await Promise.all(
      changed.map(async (name) => {
        const before = this.#running.get(name);
        await before?.source.stop();
        this.#running.delete(name);
        const [settings, sink] = [wanted.get(name), sinks.get(name)];
        if (settings === undefined || sink === undefined) {
          before?.sink.close();
          this.#catalog.dropSource(name);
          return;
        }
        const { source, exec } = await create(name, config, this.#log.of(name));
        this.#running.set(name, { source, exec, sink, settings });
        await source.start(sink);
        sink.flush();
      }),
    );
  }

  /** Runs a program in a task. @throws ExecError when there is no engine, or it could not be run */
  async exec(...call: Parameters<ContainerExec['exec']>): ReturnType<ContainerExec['exec']> {
    const engine = this.#running.get('docker')?.exec;
    if (!engine) throw new ExecError('there is no Docker engine to execute it in', 'EAGAIN');
    return engine.exec(...call);
  }

  /** Waits a while for each source's first facts, so that the first answers are not "not ready". */
  async start({ config }: LoadedConfig): Promise<void> {
    await Promise.race([
      this.#change(config, this.#saved()),
      delay(FIRST_FACTS_MS, undefined, { ref: false }),
    ]);
  }

  async reload({ config }: LoadedConfig): Promise<void> {
    await this.#change(config);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ source }) => source.stop()));
    for (const { sink } of this.#running.values()) sink.close();
  }

  #createSink(name: SourceName, saved: SavedFacts | undefined): PacedSink {
    const log = this.#log.of(name);
    return new PacedSink(this.#catalog.sink(name, saved?.get(name)), this.#pace, (error) => {
      log.error('a change could not be taken; please report it', { error: errorMessage(error) });
    });
  }
}

/** All that a source is made of; undefined when it is not wanted. */
function settingsOf(config: Config, name: SourceName): unknown {
  const own = config.sources[name];
  return own && { own, environment: config.environment, host: config.host };
}

async function create(name: SourceName, config: Config, log: Log): Promise<Created> {
  const { environment, sources } = config;
  const { address } = config.host;
  if (name === 'file') {
    const { createFileSource } = await import('../sources/file/file-source.js');
    return { source: createFileSource({ path: sources.file?.path ?? '', environment }) };
  }
  // dockerode is a large tree: it is loaded only where there is Docker.
  const { createDockerSource } = await import('../sources/docker/docker-source.js');
  const source = createDockerSource({
    socket: sources.docker?.socket ?? '',
    environment,
    resyncMs: sources.docker?.resync ?? 60_000,
    hostAddress: () => address ?? hostAddress(),
    log,
  });
  return { source, exec: source.exec };
}
