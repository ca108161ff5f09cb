import { isDeepStrictEqual } from 'node:util';
import type { Catalog, SavedFacts, Source } from '../catalog/index.js';
import type { Config } from '../config/index.js';
import { hostAddress } from '../linux/addresses.js';
import type { Logger } from './log.js';

/** The kinds of source in the order of precedence: what an operator writes into a file wins over what is found. */
const ORDER = ['file', 'docker'] as const;
type SourceName = (typeof ORDER)[number];

interface Running {
  readonly source: Source;
  readonly settings: unknown;
}

/** The sources that the configuration names, started, and restarted when their settings change. */
export class Sources {
  readonly #catalog: Catalog;
  readonly #log: Logger;
  readonly #running = new Map<SourceName, Running>();

  constructor(catalog: Catalog, log: Logger) {
    this.#catalog = catalog;
    this.#log = log;
  }

  /**
   * Makes the running sources those of the configuration. A source whose settings did not change goes on undisturbed.
   * @param saved facts that are served until a source has spoken
   * @returns resolves when each new source has made its first attempt
   */
  async change(config: Config, saved?: SavedFacts): Promise<void> {
    const wanted = new Map(ORDER.map((name) => [name, settingsOf(config, name)]));
    const changed = ORDER.filter(
      (name) => !isDeepStrictEqual(this.#running.get(name)?.settings, wanted.get(name)),
    );
    await Promise.all(changed.map((name) => this.#stop(name)));
    await Promise.all(
      changed.map(async (name) => {
        const settings = wanted.get(name);
        if (settings === undefined) return;
        // The sink comes first: until its source has spoken, nothing may be denied.
        const sink = this.#catalog.sink(name, saved?.get(name));
        const source = await create(name, config, this.#log.child({ component: name }));
        this.#running.set(name, { source, settings });
        await source.start(sink);
      }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map(({ source }) => source.stop()));
  }

  async #stop(name: SourceName): Promise<void> {
    const running = this.#running.get(name);
    if (!running) return;
    this.#running.delete(name);
    await running.source.stop();
    this.#catalog.dropSource(name);
  }
}

/** All that a source is made of; undefined when it is not wanted. */
function settingsOf(config: Config, name: SourceName): unknown {
  const own = config.sources[name];
  return own && { own, environment: config.environment, host: config.host };
}

async function create(name: SourceName, config: Config, log: Logger): Promise<Source> {
  const { environment, sources, host } = config;
  if (name === 'file') {
    const { createFileSource } = await import('../sources/file/source.js');
    return createFileSource({ path: sources.file?.path ?? '', environment });
  }
  // dockerode is a large tree: it is loaded only where there is Docker.
  const { createDockerSource } = await import('../sources/docker/source.js');
  return createDockerSource({
    socket: sources.docker?.socket ?? '',
    environment,
    resyncMs: sources.docker?.resync ?? 60_000,
    hostAddress: () => host.address ?? hostAddress(),
    log: (level, message, fields) => log[level](fields ?? {}, message),
  });
}
