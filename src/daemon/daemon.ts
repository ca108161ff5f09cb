import { isDeepStrictEqual } from 'node:util';
import { createApiServer, type ApiServer } from '../api/api-server.js';
import type { DaemonStatus } from '../api/ports.js';
import { createProxyPlane } from '../balancer/proxy/proxy-plane.js';
import { fairleadVersion } from '../cli/fairlead-version.js';
import { Catalog } from '../catalog/catalog.js';
import { StateFile, type SavedState } from '../catalog/state-file.js';
import type { ChangeSet } from '../catalog/change.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { Config } from '../config/model.js';
import type { ConfiguredChecks } from '../config/configured-checks.js';
import { createResponder, type Responder } from '../dns/server/responder.js';
import { formatHostPort } from '../net/ip.js';
import { createCheckBook } from './configured-check-book.js';
import { HealthKeeper } from './health-keeper.js';
import { Listeners } from './listeners.js';
import { Answering } from './answering.js';
import type { Logger } from './log.js';
import { processFigures } from './metrics-process.js';
import { createNameService } from './name-service.js';
import { createNames, forwardingStatus, hostClient, type Names } from './name-parts.js';
import { logPanic } from './panic-log.js';
import { Sources } from './sources.js';
import { StateKeeper } from './state-keeper.js';
import { VipKeeper } from './vip-keeper.js';

/** How long a cold start waits for the sources, so that the first answers are not "not ready". */
const FIRST_FACTS_MS = 2000;

/** A configuration that is in force, and where it came from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly path?: string;
  readonly hash: string;
  /** Who gave the value of each key; `default`: nobody. */
  readonly origins: ReadonlyMap<string, string>;
  /** The checks that it defines. */
  readonly checks: ConfiguredChecks;
  /** One line for a mistake in it, with its place. */
  readonly errorAt: (path: readonly (string | number)[], message: string) => string;
}

/** Everything that runs, wired: sources -> catalog -> name server, virtual IPs, API, state directory. */
export class Daemon {
  readonly catalog: Catalog;
  readonly #log: Logger;
  readonly #version = fairleadVersion();
  readonly #startedAt = Date.now();
  readonly #sources: Sources;
  readonly #listeners: Listeners;
  readonly #responder: Responder;
  readonly #answering: Answering;
  readonly #health: HealthKeeper;
  readonly #vips: VipKeeper;
  #loaded: LoadedConfig;
  #loadedAt = Date.now();
  #reload: DaemonStatus['config']['reload'];
  #names: Names;
  #keeper: StateKeeper | undefined;
  #api: ApiServer | undefined;

  /** @throws Error with one line when the configuration cannot work: an upstream that is the daemon itself */
  constructor(loaded: LoadedConfig, log: Logger) {
    this.#loaded = loaded;
    this.#log = log;
    const report = (what: string) => (error: unknown) => log.error({ error: String(error) }, what);
    this.catalog = new Catalog({
      onListenerError: report('a consumer of the catalog failed; please report it'),
    });
    this.#names = this.#createNames(loaded.config);
    this.#responder = createResponder({
      resolver: {
        resolve: (question, client) => this.#names.zone.resolve(question, client),
        serves: (client) => this.#names.zone.serves(client),
      },
      forwarder: {
        exchange: (request) => this.#names.cache.exchange(request),
        lookup: (request) => this.#names.cache.lookup(request),
        isLoop: (edns) => this.#names.forwarder.isLoop(edns),
      },
      onFault: report('a query could not be answered; please report it'),
      ...this.#names.tuning,
    });
    this.#answering = new Answering({
      responder: this.#responder,
      names: () => this.#names,
      environment: () => this.#loaded.config.environment,
      snapshot: () => this.catalog.snapshot,
      startedAt: this.#startedAt,
      log,
    });
    this.catalog.onChange((change, snapshot) => {
      this.#answering.publish(change, snapshot);
    });
    this.catalog.onChange(warnOfProblems(log));
    this.catalog.onChange(logPanic(log.child({ component: 'health' })));
    this.#sources = new Sources(this.catalog, log);
    this.#health = new HealthKeeper(this.catalog, createCheckBook(loaded), this.#sources);
    this.#vips = this.#createVips(loaded.config);
    this.#listeners = new Listeners(
      this.#responder,
      (address, counters) => this.#answering.listen(address, counters),
      log.child({ component: 'dns' }),
    );
  }

  /** @throws Error with one line that says what cannot be had and what to do; nothing is left running then */
  async start(): Promise<void> {
    const { config } = this.#loaded;
    const supply = await this.#vips.prepare(this.#loaded);
    const stateFile = new StateFile(config.state);
    const saved = await stateFile.load().catch((error: unknown): SavedState => {
      this.#log.warn(messageOf(error));
      return { sources: new Map() };
    });
    if (saved.health) this.catalog.restoreHealth(saved.health);
    this.#vips.use(config, supply);
    if (saved.vips) this.catalog.restoreVips(saved.vips);
    try {
      const spoken = this.#sources.change(config, saved.sources);
      await Promise.race([spoken, delay(FIRST_FACTS_MS)]);
      this.#health.start();
      await this.#vips.start();
      await this.#answering.start(config);
      await this.#listeners.change(config.dns.listen);
      await this.#startApi(config);
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#keeper = this.#keepState(stateFile);
  }

  /**
   * Puts another configuration in force. What can fail comes first; when it does, everything stays as it was.
   * @throws Error with one line
   */
  async reload(loaded: LoadedConfig): Promise<void> {
    const { config } = loaded;
    const before = this.#loaded.config;
    const names = this.#createNames(config);
    const supply = await this.#vips.prepare(loaded);
    const closeOld = await this.#listeners.change(config.dns.listen);
    try {
      await this.#changeApi(before, config);
    } catch (error) {
      const closeNew = await this.#listeners.change(before.dns.listen);
      await closeNew();
      throw error;
    }
    this.#loaded = loaded;
    this.#loadedAt = Date.now();
    this.#names.forwarder.close();
    this.#names = names;
    this.#responder.tune(names.tuning);
    this.#answering.reset();
    this.#health.reload(createCheckBook(loaded));
    this.#log.level = config.log.level;
    this.#vips.use(config, supply);
    await closeOld();
    await this.#vips.tidy();
    await this.#sources.change(config);
    if (before.state !== config.state) {
      await this.#keeper?.close();
      this.#keeper = this.#keepState(new StateFile(config.state));
    }
  }

  /** What came of the last attempt to reload, for `fairlead status`. */
  noteReload(error?: string): void {
    this.#reload = { at: Date.now(), ok: error === undefined, ...(error !== undefined && { error }) };
  }

  async stop(): Promise<void> {
    await this.#api?.stop();
    this.#health.stop();
    await Promise.all([this.#listeners.close(), this.#vips.stop()]);
    await this.#answering.stop();
    this.#names.forwarder.close();
    await this.#sources.close();
    await this.#keeper?.close();
  }

  /** Addresses of the API: `unix:/path`, `ip:port`. */
  apiAddresses(): readonly string[] {
    return this.#api?.addresses() ?? [];
  }

  status(): DaemonStatus {
    const { config, path, hash } = this.#loaded;
    const listen = this.#listeners.addresses();
    const answering = this.#answering.status();
    const forwarding = forwardingStatus(this.#names, answering.upstream);
    return {
      version: this.#version,
      pid: process.pid,
      node: process.versions.node,
      startedAt: this.#startedAt,
      domain: config.domain,
      environment: config.environment,
      config: {
        ...(path !== undefined && { path }),
        hash,
        loadedAt: this.#loadedAt,
        ...(this.#reload && { reload: this.#reload }),
      },
      dns: {
        listen: listen.map(formatHostPort),
        ready: listen.length === config.dns.listen.length,
        upstreams: forwarding.routes[0]?.upstreams.map(({ address }) => address) ?? [],
        forwarding,
        counters: this.#answering.counters(),
        answering,
      },
    };
  }

  #createVips({ vip }: Config): VipKeeper {
    const log = this.#log.child({ component: 'vip' });
    const { native = 'auto', workers = 1 } = vip ?? {};
    const plane = createProxyPlane({
      udp: { batches: native === 'auto' },
      native: native === 'auto' && { workers },
      anyPort: () => this.#vips.isLed,
      log: (message) => log.warn(message),
      onSignal: ({ backend, ok, reason }) => {
        if (!ok) this.#health.observeFailure(backend, reason ?? 'failed');
      },
    });
    return new VipKeeper({ catalog: this.catalog, plane, log });
  }

  #createNames(config: Config): Names {
    return createNames(config, { catalog: this.catalog, startedAt: this.#startedAt, log: this.#log });
  }

  /** The old API makes room first, because both may name the same address; it comes back when the new one cannot be had. */
  async #changeApi(before: Config, config: Config): Promise<void> {
    if (isDeepStrictEqual(before.api, config.api)) return;
    await this.#api?.stop();
    try {
      await this.#startApi(config);
    } catch (error) {
      await this.#startApi(before);
      throw error;
    }
  }

  async #startApi(config: Config): Promise<void> {
    const api = createApiServer({
      catalog: this.catalog,
      names: createNameService(
        this.catalog,
        () => ({
          zone: this.#names.zone,
          responder: this.#responder,
          environment: this.#loaded.config.environment,
          hostClient: hostClient(this.#loaded.config, this.catalog.snapshot),
        }),
        this.#vips,
      ),
      daemon: this,
      health: this.#health,
      vips: this.#vips,
      process: processFigures,
      listen: config.api.listen.map((each) => (each.kind === 'unix' ? { path: each.path } : each)),
      log: {
        warn: (message) => this.#log.warn({ component: 'api' }, message),
        error: (message, error) => this.#log.error({ component: 'api', error: messageOf(error) }, message),
      },
    });
    await api.start();
    this.#api = api;
  }

  #keepState(file: StateFile): StateKeeper {
    return new StateKeeper(this.catalog, file, (error) => this.#log.warn(messageOf(error)));
  }
}

/** Writes each problem to the log once, when it comes up. */
function warnOfProblems(log: Logger): (change: ChangeSet, snapshot: Snapshot) => void {
  let told = new Set<string>();
  return ({ meta }, { problems }) => {
    if (!meta) return;
    for (const { code, message } of problems) if (!told.has(message)) log.warn({ code }, message);
    told = new Set(problems.map(({ message }) => message));
  };
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
