import { setTimeout as delay } from 'node:timers/promises';
import type { FaceServer } from '../api/face-server.js';
import type { AuditEntry, DaemonIdentity, DaemonStatus } from '../api/ports.js';
import { Keeper, type VipSupply } from '../balancer/vip-keeper.js';
import { fairleadVersion } from '../cli/fairlead-version.js';
import { Catalog } from '../catalog/catalog.js';
import { Demand } from '../catalog/demand.js';
import type { ChangeSet } from '../catalog/change.js';
import type { Problem } from '../catalog/model.js';
import type { Snapshot } from '../catalog/snapshot.js';
import type { Config } from '../config/config-model.js';
import { keysForRestart } from '../config/restart-keys.js';
import { Pace } from '../runtime/pace.js';
import { LoopLateness } from '../runtime/loop-lateness.js';
import { systemTimers } from '../runtime/timers.js';
import { askListener } from '../dns/server/ask-listener.js';
import { nameFromLabels } from '../wire/name.js';
import { QueryWatch } from '../dns/server/query-watch.js';
import { createResponder, type Responder } from '../dns/server/responder.js';
import { notifyServiceManager } from '../linux/service-notify.js';
import { formatHostPort } from '../net/ip.js';
import { AdoptionPart } from './adoption-part.js';
import { ApiPart } from './api-part.js';
import { ConfigFault } from './config-fault.js';
import { createCheckBook } from './configured-check-book.js';
import type { InternalErrors } from './internal-errors.js';
import { DecisionLog } from './decision-log.js';
import { DemandUpkeep } from './demand-upkeep.js';
import { earlierSettings } from './earlier-settings.js';
import { HostIdentity } from './host-identity.js';
import { HistoryKeeper } from '../history/history-keeper.js';
import { HealthKeeper } from '../health/check-keeper.js';
import { Lifecycle, type Part } from './lifecycle.js';
import { Listeners } from './listeners.js';
import { noteLocalUse } from './local-demand.js';
import type { LoadedConfig } from './loaded-config.js';
import { Answering } from './answering.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';
import type { DaemonLog } from './daemon-log.js';
import { processFigures } from './metrics-process.js';
import { createNameService } from './name-service.js';
import { forwardingStatus, hostClient, RESOLV_CONF } from './name-parts.js';
import { choiceOf, planeSpecOf, type DataPlaneChoice } from './plane-spec-of.js';
import { NamesInForce } from './names-in-force.js';
import { logPanic } from './panic-log.js';
import { Publishers } from './publishers.js';
import { Rights, rightsInEffect } from './rights.js';
import { ResolvConfWatch } from './resolv-conf-watch.js';
import { RenderPart } from './render-part.js';
import { renderingHostOf } from './rendering-host-of.js';
import { Sources } from './sources.js';
import { RenderCount } from './render-count.js';
import { SpoofGuard } from './spoof-guard.js';
import { Successor } from './successor.js';
import { AccessFile } from '../state/access-file.js';
import { HistoryFile } from '../state/history-file.js';
import { StateKeeper } from '../state/state-keeper.js';
import type { TakeoverRequest } from '../state/state-lock.js';
import { TlsFiles } from './tls-files.js';
import { vipPort } from './vip-info.js';

/** How long the start leaves this thread to the first queries, in milliseconds. */
const FIRST_QUERIES_MS = 20;

/** How long a listener may take to answer Fairlead's own query, in milliseconds. */
const ASK_MS = 1000;

export interface DaemonOptions {
  readonly internalErrors?: Pick<InternalErrors, 'count' | 'problems'>;
  /** Whether to take over from a daemon with the same state directory. That daemon ends when this one serves. */
  readonly takesOver?: boolean;
  /** Whether the process runs nothing else, so that it may give up rights. */
  readonly ownsProcess?: boolean;
}

/** Wires everything together: sources -> catalog -> name server, virtual IPs, API, state directory. */
export class Daemon {
  readonly catalog: Catalog;
  /** The pace at which changes are accepted and passed on to answers and virtual IPs. */
  readonly pace = new Pace();
  readonly #log: DaemonLog;
  readonly #internalErrors: Pick<InternalErrors, 'count' | 'problems'>;
  readonly #version = fairleadVersion();
  readonly #startedAt = Date.now();
  readonly #host: HostIdentity;
  readonly #state: StateKeeper;
  readonly #names: NamesInForce;
  readonly #responder: Responder;
  readonly #answering: Answering;
  readonly #queries: QueryWatch;
  readonly #lateness = new LoopLateness();
  readonly #resolvConf: ResolvConfWatch;
  readonly #listeners: Listeners;
  readonly #rights: Part;
  readonly #spoofGuard: SpoofGuard;
  readonly #adoption: AdoptionPart;
  readonly #demand = new Demand(() => systemTimers.now());
  readonly #sources: Sources;
  readonly #publishers: Publishers;
  readonly #health: HealthKeeper;
  readonly #vips: Keeper;
  #planeChoice: DataPlaneChoice;
  readonly #templates: RenderPart;
  readonly #renders: RenderCount;
  readonly #history: HistoryKeeper;
  readonly #api: ApiPart;
  readonly #decisions: DecisionLog;
  readonly #lifecycle: Lifecycle;
  /** Resolves when another process serves instead of this one. Stop this one then. */
  readonly succeeded: Promise<void>;
  #onSucceeded: () => void = () => undefined;
  #hasSuccessor = false;
  #loaded: LoadedConfig;
  #loadedAt = Date.now();
  #reload: DaemonStatus['config']['reload'];
  readonly #successor: Successor;
  /** The configuration that the daemon started with. */
  readonly #started: Config;
  #onReloadRequest: () => void = () => undefined;

  constructor(
    loaded: LoadedConfig,
    log: DaemonLog,
    {
      internalErrors = { count: 0, problems: () => [] },
      takesOver = false,
      ownsProcess = false,
    }: DaemonOptions = {},
  ) {
    this.#internalErrors = internalErrors;
    this.succeeded = new Promise((resolve) => {
      this.#onSucceeded = resolve;
    });
    this.#loaded = loaded;
    this.#started = loaded.config;
    this.#log = log;
    this.#successor = new Successor({ log });
    const report = (what: string) => (error: unknown) => log.error(what, { error: errorMessage(error) });
    this.catalog = new Catalog({
      onListenerError: report('a consumer of the catalog failed; please report it'),
    });
    this.#decisions = new DecisionLog(this.catalog, log.of('decisions'));
    this.#decisions.use(loaded.config.log);
    this.#host = new HostIdentity((message) => log.warn(message));
    this.#state = new StateKeeper(this.catalog, log.of('state'), {
      takesOver,
      onTakeover: (request) => void this.#makeRoom(request),
    });
    this.#names = new NamesInForce(
      { catalog: this.catalog, demand: this.#demand, startedAt: this.#startedAt, log },
      ({ tuning }) => {
        this.#responder.tune(tuning);
        this.#queries.privacy = tuning.privacy ?? 'off';
      },
    );
    this.#queries = new QueryWatch({
      timers: systemTimers,
      clock: Date.now,
      onShare: (share) => this.#answering.watch(share),
    });
    this.#responder = createResponder({
      resolver: {
        resolve: (question, client) => {
          this.#adoption.adopter.heard(client.address);
          return this.#names.current.zone.resolve(question, client);
        },
        serves: (client) => this.#names.current.zone.serves(client),
      },
      forwarder: {
        exchange: (request) => this.#names.current.cache.exchange(request),
        lookup: (request) => this.#names.current.cache.lookup(request),
        isLoop: (edns) => this.#names.current.forwarder.isLoop(edns),
      },
      watch: this.#queries,
      onFault: report('a query could not be answered; please report it'),
    });
    this.#answering = new Answering({
      responder: this.#responder,
      names: () => this.#names.current,
      demand: this.#demand,
      environment: () => this.#loaded.config.environment,
      snapshot: () => this.catalog.snapshot,
      pace: this.pace,
      sharesAddresses: () => this.#state.predecessor !== undefined,
      startedAt: this.#startedAt,
      log: log.of('dns'),
    });
    this.#resolvConf = new ResolvConfWatch({
      path: RESOLV_CONF,
      names: this.#names,
      onChange: () => this.#answering.reload(),
      log: log.of('forward'),
    });
    this.#listeners = new Listeners(
      this.#responder,
      {
        listenUdp: (address, counters) => this.#answering.listen(address, counters),
        openTcp: () => this.#answering.openTcp(),
      },
      log.of('dns'),
    );
    this.#rights = ownsProcess ? new Rights(log) : { name: 'rights' };
    this.#spoofGuard = new SpoofGuard(this.catalog, () => this.#listeners.addresses(), log.of('dns'));
    this.#sources = new Sources(
      this.catalog,
      this.#demand,
      this.pace,
      log,
      () => this.#host.node,
      () => this.#state.saved.sources,
    );
    this.#adoption = new AdoptionPart(
      this.catalog,
      () => this.#listeners.addresses(),
      loaded,
      log.of('adoption'),
    );
    this.#publishers = new Publishers(this.catalog, log, () => this.#host.node);
    this.#health = new HealthKeeper(this.catalog, createCheckBook(loaded), this.#sources, () =>
      this.#state.saveDrains(),
    );
    this.#planeChoice = choiceOf(loaded.config);
    this.#vips = this.#createVips();
    this.#templates = new RenderPart(this.catalog, this.#demand, log.of('render'));
    this.#renders = new RenderCount(() => this.#templates.written());
    this.#history = this.#createHistory();
    this.#api = new ApiPart((config) => this.#createApi(config));
    this.#lifecycle = new Lifecycle(this.#parts(), (error, part) => {
      log.error('a part of the daemon failed; please report it', { part, error: errorMessage(error) });
    });
  }

  /**
   * What runs, in the order in which it starts and is reloaded. It stops in the opposite order.
   * - The identity of the host comes before the sources, whose tasks carry it.
   * - What an earlier process saved comes first: everything else begins from it.
   * - Names and the threads that answer come before what changes answers, so that no change is missed.
   * - The pool comes before the sources: a service has its virtual IP as soon as it is known.
   * - The definitions of checks come before the sources, so that tasks are judged by them from the start. The checker
   *   comes after them: it takes the tasks that run already for healthy. It looks at every task, and the first queries
   *   do not wait for that.
   * - Containers are sent to the listeners when those answer, and handed back, if that is wanted, before they end.
   * - Listeners come after the sources, so that the first answers are not "not ready".
   * - The first queries are answered before the rest of the start takes this thread.
   * - Rights that are not needed are given up, and forged sources kept away, as soon as names are answered.
   * - Virtual IPs carry traffic when the tasks are known. When the daemon stops, their connections end while names are
   *   still answered and the sources are still followed.
   * - Templates are rendered when the tasks are known.
   * - The history reads what all of these have counted.
   * - Publishers come when the health of tasks is known, and end before the sources: a stopping daemon takes nothing
   * back.
   * - The API comes last: once it answers, everything runs. The service manager follows this process then, and a
   * predecessor that
   *   still serves may end.
   */
  #parts(): readonly Part[] {
    return [
      { name: 'pace', stop: () => this.pace.stop() },
      { name: 'event loop', start: () => this.#lateness.start(), stop: () => this.#lateness.stop() },
      { name: 'configuration', reload: (loaded) => this.#use(loaded) },
      {
        name: 'log of decisions',
        reload: ({ config }) => this.#decisions.use(config.log),
        stop: () => this.#decisions.stop(),
      },
      this.#host,
      this.#state,
      earlierSettings,
      this.#names,
      this.#answering,
      this.#resolvConf,
      this.#vipPool(),
      { name: 'definitions of checks', reload: (loaded) => this.#health.reload(createCheckBook(loaded)) },
      this.#sources,
      { name: 'saved state', start: () => this.#state.forget() },
      this.#listeners,
      { name: 'first queries', start: () => delay(FIRST_QUERIES_MS) },
      this.#rights,
      { name: 'checker', start: () => this.#health.start(), stop: () => this.#health.stop() },
      { name: 'sources, where saved facts are served', start: () => this.#sources.answering() },
      this.#spoofGuard,
      this.#adoption,
      {
        name: 'virtual IPs',
        start: () => this.#vips.start(),
        stop: (hasSuccessor) => this.#vips.stop(hasSuccessor),
      },
      this.#templates,
      new DemandUpkeep({
        demand: this.#demand,
        snapshot: () => this.catalog.snapshot,
        services: () => this.#vips.services(),
        noteTemplates: () => this.#templates.noteUse(),
        timers: systemTimers,
      }),
      this.#publishers,
      this.#history,
      this.#api,
      { name: 'service manager', start: () => this.#tellServiceManager() },
      { name: 'predecessor', start: () => this.#state.predecessor?.done() },
    ];
  }

  /** @throws Error with one line that says what failed and what to do; nothing is left running */
  async start(): Promise<void> {
    this.catalog.onChange((change, snapshot) => {
      this.#answering.publish(change, snapshot);
    });
    this.catalog.onChange(noteLocalUse(this.#demand));
    this.catalog.onChange(warnOfProblems(this.#log));
    this.catalog.onChange(logPanic(this.#log.of('health')));
    await this.#lifecycle.start(this.#loaded);
  }

  /** @returns resolves when each source of this host has made its first attempt, which {@link start} does not wait for */
  hasFirstFacts(): Promise<void> {
    return this.#sources.haveBegun();
  }

  /**
   * Activates another configuration. If that fails, everything stays as it was.
   * @throws Error with one line
   */
  async reload(loaded: LoadedConfig): Promise<void> {
    await this.#lifecycle.reload(loaded);
  }

  async stop(): Promise<void> {
    await this.#lifecycle.stop(this.#hasSuccessor);
  }

  /** A successor starts. It gets the state directory and the API, while names and connections are still served here. */
  async #makeRoom(request: TakeoverRequest): Promise<void> {
    this.#log.info('a successor takes over');
    try {
      await this.#api.stop();
      await this.#history.stop();
      this.#vips.freeze();
      await this.#state.yield();
      request.ready();
      if (await request.done) {
        this.#hasSuccessor = true;
        this.#onSucceeded();
        return;
      }
      this.#log.warn('the successor went away before it served; this process continues');
      await this.#state.resume();
      await this.#history.start();
      await this.#api.resume();
      await this.#vips.start();
    } catch (error) {
      this.#log.error('the successor could not take over; please report it', { error: errorMessage(error) });
    }
  }

  async #tellServiceManager(): Promise<void> {
    const fault = await notifyServiceManager(['READY=1', `MAINPID=${process.pid}`]);
    if (fault !== undefined)
      this.#log.warn('the service manager could not be told of this process', { fault });
  }

  #use(loaded: LoadedConfig): void {
    this.#loaded = loaded;
    this.#loadedAt = Date.now();
    this.#log.setLevel(loaded.config.log.level);
    const keys = this.#keysForRestart();
    if (keys.length > 0) this.#log.warn('these keys take effect only after a restart', { keys });
  }

  /** The addresses of virtual IPs, and the other settings of the catalog. */
  #vipPool(): Part {
    let supply: VipSupply | undefined;
    const use = async ({ config }: LoadedConfig) => {
      if (supply) await this.#vips.use(config, supply, this.#state.predecessor !== undefined);
    };
    return {
      name: 'pool of virtual IPs',
      prepare: async (next) => {
        supply = await this.#prepareVips(next);
        return undefined;
      },
      start: async (loaded) => {
        await use(loaded);
        const { vips } = this.#state.saved;
        if (vips) this.catalog.restoreVips(vips);
      },
      reload: async (next) => {
        this.#choosePlane(next.config);
        await use(next);
      },
      stop: (hasSuccessor) => this.#vips.stop(hasSuccessor),
    };
  }

  #choosePlane(config: Config): void {
    const choice = choiceOf(config);
    if (!config.vip || choice === this.#planeChoice) return;
    this.#planeChoice = choice;
    this.#vips.choose(planeSpecOf(choice, this.#started));
  }

  /** The result of the last attempt to reload, for `fairlead status`. */
  noteReload(error?: string): void {
    this.#reload = { at: Date.now(), ok: error === undefined, ...(error !== undefined && { error }) };
  }

  requestReload(): void {
    this.#onReloadRequest();
  }

  requestRestart(): void {
    this.#successor.start();
  }

  /** @param reload called when a client of the API asks for a reload */
  onReloadRequest(reload: () => void): void {
    this.#onReloadRequest = reload;
  }

  #keysForRestart(): readonly string[] {
    return keysForRestart(this.#started, this.#loaded.config);
  }

  /** Addresses of the API: `unix:/path`, `ip:port`. */
  apiAddresses(): readonly string[] {
    return this.#api.addresses();
  }

  /** Problems of the daemon itself. */
  problems(): readonly Problem[] {
    return [
      ...this.#internalErrors.problems(),
      ...this.#resolvConf.problems(),
      ...this.#state.problems(),
      ...this.#publishers.problems(),
    ];
  }

  /** Queries every DNS listener as a client would. @returns a line for each that does not answer */
  async unanswered(): Promise<readonly string[]> {
    const { zone } = this.#names.current;
    const name = nameFromLabels(this.#loaded.config.domain.split('.'));
    const asked = this.#listeners.addresses().map(async (address) => {
      const target = { ...address, ip: localForm(address.ip) };
      // A client that may not ask gets no reply. That is not a fault of the listener.
      if (!name || !zone.serves({ address: target.ip })) return undefined;
      const fault = await askListener(target, name, ASK_MS);
      return fault === undefined ? undefined : `DNS at ${formatHostPort(address)} does not answer: ${fault}`;
    });
    return (await Promise.all(asked)).filter((fault) => fault !== undefined);
  }

  identity(): DaemonIdentity {
    const { domain, environment } = this.#loaded.config;
    return { version: this.#version, startedAt: this.#startedAt, domain, environment };
  }

  status(): DaemonStatus {
    const { config, path, hash } = this.#loaded;
    const { name, address, datacenter } = renderingHostOf(config);
    const needsRestart = this.#keysForRestart();
    const listen = this.#listeners.addresses();
    const answering = this.#answering.status();
    const forwarding = forwardingStatus(this.#names.current, answering.upstream);
    return {
      version: this.#version,
      pid: process.pid,
      node: process.versions.node,
      startedAt: this.#startedAt,
      domain: config.domain,
      environment: config.environment,
      host: { id: this.#host.node.id, name, address, datacenter },
      internalErrors: this.#internalErrors.count,
      capabilities: rightsInEffect(),
      ...(this.#successor.fault && { restart: this.#successor.fault }),
      sourceFailures: this.#sources.failures(),
      sourceEvents: this.#sources.heardAt(),
      eventLoop: this.#lateness.read(),
      publishers: this.#publishers.statuses(),
      state: this.#state.status(),
      config: {
        ...(path !== undefined && { path }),
        hash,
        loadedAt: this.#loadedAt,
        ...(this.#reload && { reload: this.#reload }),
        ...(needsRestart.length > 0 && { needsRestart }),
      },
      dns: {
        listen: listen.map(formatHostPort),
        ready: listen.length === config.dns.listen.length,
        upstreams: forwarding.routes[0]?.upstreams.map(({ address }) => address) ?? [],
        forwarding,
        counters: this.#answering.counters(),
        answering,
        transport: this.#listeners.transport(),
        zones: this.#names.current.zone.zones(),
        changes: this.pace.times(),
      },
    };
  }

  #createVips(): Keeper {
    return new Keeper({
      catalog: this.catalog,
      pace: this.pace,
      spec: planeSpecOf(this.#planeChoice, this.#started),
      onSignal: ({ backend, ok, reason }) => {
        if (!ok) this.#health.observeFailure(backend, reason ?? 'failed');
      },
      log: this.#log.of('vip'),
    });
  }

  #createHistory(): HistoryKeeper {
    const vips = vipPort(this.#vips);
    return new HistoryKeeper({
      store: new HistoryFile(() => this.#state.status().directory),
      read: async () => {
        const ports = await vips.services();
        const { queries, replies } = this.#answering.counters();
        const { times } = this.#answering.status();
        const counters = { queries, replies, times, renders: this.#renders.count() };
        return { snapshot: this.catalog.snapshot, counters, ports };
      },
      log: this.#log.of('history'),
      timers: systemTimers,
      clock: Date.now,
    });
  }

  /** @throws ConfigFault if the operator chose a pool that cannot be used */
  #prepareVips({ config, isSet, errorAt }: LoadedConfig): Promise<VipSupply> {
    const refuse = (conflict: string) =>
      new ConfigFault(errorAt(['vip', 'pool'], conflict.replace(/^vip\.pool /, '')));
    return this.#vips.prepare(config, isSet(['vip', 'pool']) ? refuse : undefined);
  }

  /** What serves HTTP is large, and loaded while names are answered already. */
  async #createApi(config: Config): Promise<FaceServer> {
    const { createApiServer } = await import('../api/api-server.js');
    const log = this.#log.of('api');
    const tls = config.api.tls && new TlsFiles(config.api.tls, log);
    const api = createApiServer({
      catalog: this.catalog,
      names: createNameService(
        this.catalog,
        () => ({
          zone: this.#names.current.zone,
          responder: this.#responder,
          environment: this.#loaded.config.environment,
          hostClient: hostClient(this.#loaded.config, this.catalog.snapshot),
        }),
        vipPort(this.#vips),
        this.#adoption.port,
      ),
      daemon: this,
      health: this.#health,
      vips: vipPort(this.#vips),
      adoption: this.#adoption.port,
      templates: this.#templates,
      queries: this.#queries,
      process: processFigures,
      history: this.#history,
      audit: (entry) => this.#audit(entry),
      listen: config.api.listen.map((each) => (each.kind === 'unix' ? { path: each.path } : each)),
      access: {
        store: new AccessFile(() => config.state),
        needsTokens: config.api.tokens,
        hosts: config.api.hosts,
        tls,
      },
      log,
    });
    return {
      ...api,
      stop: async () => {
        await api.stop();
        tls?.close();
      },
      start: async () => {
        try {
          await api.start();
        } catch (error) {
          tls?.close();
          throw error;
        }
      },
    };
  }

  #audit({ type, subject, message, place }: AuditEntry): void {
    this.#log.of('audit')[type === 'refused' ? 'warn' : 'info'](message, { subject });
    this.catalog.note({ type: `audit.${type}`, subject, message, ...(place && { place }) });
  }
}

/** Writes each problem to the log once, when it first appears. */
function warnOfProblems(log: Log): (change: ChangeSet, snapshot: Snapshot) => void {
  let told = new Set<string>();
  return ({ meta }, { problems }) => {
    if (!meta) return;
    for (const { code, message } of problems) if (!told.has(message)) log.warn(message, { code });
    told = new Set(problems.map(({ message }) => message));
  };
}

/** A listener on all addresses is queried on loopback. */
function localForm(ip: string): string {
  if (ip === '0.0.0.0') return '127.0.0.1';
  return ip === '::' ? '::1' : ip;
}
