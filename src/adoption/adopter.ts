import { dirname } from 'node:path';
import type { CatalogReader } from '../catalog/catalog.js';
import type { ChangeSet } from '../catalog/change.js';
import type { ContainerResolver, Task } from '../catalog/model.js';
import { networkHolding } from '../catalog/view.js';
import { errorMessage } from '../net/error-message.js';
import type { HostPort } from '../net/ip.js';
import type { Log } from '../net/log.js';
import { AdoptedContainer } from './adopted-container.js';
import { describeAdoption, type AdoptionState } from './adoption-state.js';
import { ChoicesFile } from './choices.js';
import { ReachBook } from './reach-book.js';
import type { ReachProbe } from './reach-probe.js';
import {
  asksAny,
  decide,
  isFinalText,
  listenersFor,
  networksOf,
  searchDomains,
  type AdoptMode,
  type Choice,
  type Decision,
} from './rules.js';
import { StartingNamespaces } from './starting-namespaces.js';

/** The configuration for the containers of one engine. */
export interface EngineSettings {
  readonly mode: AdoptMode;
  /** Whether a clean stop hands every container back. */
  readonly releaseOnStop: boolean;
}

export interface AdopterSettings {
  /** By the name of the source that reports the containers. */
  readonly engines: ReadonlyMap<string, EngineSettings>;
  readonly domain: string;
  readonly listeners: readonly HostPort[];
  /** The state directory. */
  readonly state: string;
}

export interface AdopterOptions {
  readonly catalog: Pick<CatalogReader, 'snapshot' | 'onChange'>;
  readonly probe: ReachProbe;
  readonly log: Log;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  /** Milliseconds between two probes of a network. */
  readonly probeEvery?: number;
}

type ContainerTask = Task & { readonly resolver: ContainerResolver };

const PROBE_EVERY_MS = 10_000;

/**
 * Adoption: containers query Fairlead instead of Docker's stub resolver. The adopter follows the catalog, decides by
 * the rules, and keeps the files as decided, even if other programs write them.
 */
export class Adopter {
  readonly #options: AdopterOptions;
  readonly #now: () => number;
  readonly #containers = new Map<string, AdoptedContainer>();
  readonly #decisions = new Map<string, Decision>();
  readonly #reach = new ReachBook();
  /** Containers from whose addresses a query arrived while they still used Docker's resolver. */
  readonly #heard = new Set<string>();
  readonly #heardFrom = new Set<string>();
  readonly #probing = new Set<string>();
  readonly #starting: StartingNamespaces;
  #settings: AdopterSettings;
  #choices: ChoicesFile;
  #timer: NodeJS.Timeout | undefined;
  #stopFollowing: () => void = () => undefined;

  constructor(options: AdopterOptions, settings: AdopterSettings) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
    this.#settings = settings;
    this.#choices = new ChoicesFile(settings.state);
    this.#starting = new StartingNamespaces((path) => this.#probeNamespace(path));
  }

  start(): void {
    this.#stopFollowing = this.#options.catalog.onChange((change) => this.#follow(change));
    this.#considerAll();
    this.#timer = setInterval(() => void this.probe(), this.#options.probeEvery ?? PROBE_EVERY_MS);
    this.#timer.unref();
  }

  use(settings: AdopterSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    if (before.state !== settings.state) this.#choices = new ChoicesFile(settings.state);
    if (String(before.listeners.map(({ ip }) => ip)) !== String(settings.listeners.map(({ ip }) => ip))) {
      this.#reach.clear();
      this.#starting.lookAgain();
    }
    this.#considerAll();
  }

  stop(): void {
    this.#stopFollowing();
    clearInterval(this.#timer);
    const { snapshot } = this.#options.catalog;
    for (const [id, file] of this.#containers) {
      const { source = '' } = snapshot.task(id) ?? {};
      file.close();
      if (this.#settings.engines.get(source)?.releaseOnStop === true) file.release();
    }
    this.#containers.clear();
  }

  /**
   * @param stack undefined: all containers
   * @returns the containers concerned, in their new state
   */
  choose(choice: Choice, stack?: string): readonly AdoptionState[] {
    try {
      this.#choices.choose(choice, stack);
    } catch (error) {
      this.#options.log.warn(errorMessage(error));
    }
    this.#considerAll();
    return this.states().filter(({ task }) => stack === undefined || task.stack === stack);
  }

  /** Notes a query from an address. Call this for each query that no answering thread answers. */
  heard(address: string): void {
    const { snapshot } = this.#options.catalog;
    const [task] = snapshot.tasksAt(address);
    // An address may be reused. A query of its former holder says nothing about the new one.
    const who = `${address} ${task?.id ?? ''}`;
    if (this.#heardFrom.has(who)) return;
    if (this.#heardFrom.size > 10_000) this.#heardFrom.clear();
    this.#heardFrom.add(who);
    const network = networkHolding(snapshot, address);
    const [listener] = this.#listeners(false);
    if (network && listener !== undefined && !network.gateways.includes(address))
      this.#noteReach(undefined, network.id, { kind: 'reached', listener });
    if (task?.resolver && this.#containers.get(task.id)?.isOurs === false) {
      this.#heard.add(task.id);
      this.#consider(task.id);
    }
  }

  /** Every container with a resolv.conf of the engine, sorted by stack and name. */
  states(): readonly AdoptionState[] {
    const { snapshot } = this.#options.catalog;
    const states = [...this.#containers.keys()].map((id) => {
      const task = snapshot.task(id);
      return task?.resolver?.isRunning === true ? this.stateOf(task) : undefined;
    });
    return states
      .filter((state) => state !== undefined)
      .sort((a, b) => (sortKey(a.task) < sortKey(b.task) ? -1 : 1));
  }

  /** @returns undefined for a task that is not a container, or whose files are unknown */
  stateOf(task: Task): AdoptionState | undefined {
    const file = this.#containers.get(task.id);
    const decision = this.#decisions.get(task.id);
    if (!file || !decision) return undefined;
    return describeAdoption(task, file, decision);
  }

  /**
   * Checks whether listeners are still reachable, from one container per network and from each container whose own
   * network setup must be tested.
   */
  async probe(): Promise<void> {
    const { snapshot } = this.#options.catalog;
    const covered = new Set<string>();
    const due = [...this.#decisions].flatMap(([id, decision]) => {
      const task = snapshot.task(id);
      if (!isContainer(task) || !task.resolver.isRunning || task.resolver.namespace !== 'own') return [];
      const isWanted = decision.adopt || decision.code === 'pending' || decision.code === 'unreachable';
      const key = String([...new Set(task.endpoints.map(({ network }) => network))].sort());
      // If it works there, one container represents all others on the same networks.
      const isSpokenFor = decision.adopt && covered.has(key);
      if (!isWanted || isSpokenFor) return [];
      covered.add(key);
      return [task];
    });
    await Promise.all(due.map((task) => this.#probeContainer(task)));
  }

  #follow({ tasks, networks }: ChangeSet): void {
    for (const id of tasks.removed) this.#forget(id);
    for (const id of [...tasks.added, ...tasks.changed]) this.#consider(id);
    if (networks.added.length + networks.changed.length > 0) this.#considerAll();
  }

  #considerAll(): void {
    for (const task of this.#options.catalog.snapshot.tasks()) if (task.resolver) this.#consider(task.id);
  }

  #forget(id: string): void {
    this.#containers.get(id)?.close();
    this.#containers.delete(id);
    this.#decisions.delete(id);
    this.#heard.delete(id);
    this.#reach.forget(id);
  }

  /** Decides about a container, and updates its file. */
  #consider(id: string): void {
    const task = this.#options.catalog.snapshot.task(id);
    if (!isContainer(task)) {
      this.#forget(id);
      return;
    }
    const file = this.#fileOf(task);
    const { isRunning, namespace, namespaces } = task.resolver;
    const [own] = namespaces;
    if (own !== undefined && !own.startsWith('/proc/')) this.#starting.folder = dirname(own);
    const isUp = isRunning || task.health === 'initializing';
    if (!isUp) {
      file.restart();
      this.#heard.delete(id);
      this.#reach.forget(id);
    }
    const { original, isOurs } = file.look(isRunning);
    const decision = this.#decide(task, file, original);
    if (this.#decisions.get(id)?.why !== decision.why)
      this.#options.log.debug(
        `${task.name} ${decision.adopt ? 'is to ask Fairlead' : 'is left as it is'}: ${decision.why}`,
      );
    this.#decisions.set(id, decision);
    if (decision.adopt) this.#adopt(task, file, decision);
    // Until a probe has finished, containers that an earlier process adopted stay adopted.
    else if (isOurs && decision.code !== 'pending' && isRunning) this.#release(task, file, decision);
    if (namespace !== 'own') return;
    if (!isRunning && isUp && !decision.adopt && decision.code === 'pending')
      void this.#starting.look(() => this.#isAnyStarting());
    const isProved = this.#reach.hasOwn(id);
    if (isRunning && !isProved && (decision.adopt || decision.code === 'pending'))
      void this.#probeContainer(task);
  }

  #decide(task: ContainerTask, file: AdoptedContainer, original: string | undefined): Decision {
    const { snapshot } = this.#options.catalog;
    const mode = this.#settings.engines.get(task.source)?.mode ?? 'off';
    const networks = networksOf(task, (id) => snapshot.network(id));
    const isHost = task.resolver.namespace === 'host';
    const ours = new Set(this.#listeners(isHost));
    const asksAnyway =
      (original !== undefined && asksAny(original, task.resolver.servers, ours)) || this.#heard.has(task.id);
    return decide(task, {
      mode,
      choices: this.#choices.current,
      asksAnyway,
      networks,
      fault: file.fault,
      isContested: file.isContested,
      reach: () => {
        const [listener] = ours;
        if (isHost && listener !== undefined) return { kind: 'reached', listener };
        return this.#reach.of(
          task.id,
          networks.map(({ id }) => id),
        );
      },
    });
  }

  #adopt(
    task: ContainerTask,
    file: AdoptedContainer,
    { listener, why }: Extract<Decision, { adopt: true }>,
  ): void {
    const { snapshot } = this.#options.catalog;
    const networks = networksOf(task, (id) => snapshot.network(id));
    const isHost = task.resolver.namespace === 'host';
    if (file.original === undefined || !isFinalText(file.original, networks, isHost)) return;
    const search = searchDomains(task, this.#settings.domain);
    const wasOurs = file.isOurs;
    if (!file.adopt({ nameserver: listener, search }) || wasOurs) return;
    this.#options.log.info('a container now asks Fairlead', { container: task.name, why });
  }

  #release(task: Task, file: AdoptedContainer, { code, why }: Extract<Decision, { adopt: false }>): void {
    if (!file.release()) return;
    const level = code === 'unreachable' || code === 'contested' ? 'warn' : 'info';
    this.#options.log[level]("a container is given back to Docker's resolver", { container: task.name, why });
  }

  #fileOf(task: ContainerTask): AdoptedContainer {
    const { path } = task.resolver;
    const known = this.#containers.get(task.id);
    if (known?.path === path) return known;
    known?.close();
    const file = new AdoptedContainer(path, () => this.#consider(task.id), this.#now);
    this.#containers.set(task.id, file);
    return file;
  }

  #listeners(isHost: boolean): readonly string[] {
    return listenersFor(this.#settings.listeners, isHost);
  }

  async #probeContainer(task: ContainerTask): Promise<void> {
    if (this.#probing.has(task.id)) return;
    this.#probing.add(task.id);
    try {
      const result = await this.#options.probe(task.resolver.namespaces, this.#listeners(false));
      const now = this.#options.catalog.snapshot.task(task.id);
      if (now?.startedAt !== task.startedAt) return;
      const from = 'from' in result ? result.from : undefined;
      const network =
        from === undefined ? undefined : networkHolding(this.#options.catalog.snapshot, from)?.id;
      this.#noteReach(task.id, network, result);
    } catch (error) {
      this.#options.log.error('a probe failed; please report it', { error: errorMessage(error) });
    } finally {
      this.#probing.delete(task.id);
    }
  }

  /** @returns whether the namespace is already connected to a network */
  async #probeNamespace(path: string): Promise<boolean> {
    const result = await this.#options.probe([path], this.#listeners(false));
    const from = 'from' in result ? result.from : undefined;
    const network = from === undefined ? undefined : networkHolding(this.#options.catalog.snapshot, from)?.id;
    if (network !== undefined && !this.#reach.isReached(network)) this.#noteReach(undefined, network, result);
    return network !== undefined;
  }

  #isAnyStarting(): boolean {
    const { snapshot } = this.#options.catalog;
    return [...this.#decisions].some(([id, decision]) => {
      const task = decision.adopt || decision.code !== 'pending' ? undefined : snapshot.task(id);
      return task?.resolver?.isRunning === false && task.health === 'initializing';
    });
  }

  #noteReach(
    container: string | undefined,
    network: string | undefined,
    result: Awaited<ReturnType<ReachProbe>>,
  ): void {
    if (!this.#reach.noteProbe(container, network, result)) return;
    for (const [id, decision] of [...this.#decisions]) {
      const isWanted = decision.adopt || decision.code === 'pending' || decision.code === 'unreachable';
      if (!isWanted || (id !== container && !this.#isOn(id, network))) continue;
      this.#consider(id);
      // Another container on the same network cannot reach us, so each must be probed.
      const task = this.#options.catalog.snapshot.task(id);
      if (id !== container && result.kind === 'blocked' && isContainer(task) && task.resolver.isRunning)
        void this.#probeContainer(task);
    }
  }

  #isOn(id: string, network: string | undefined): boolean {
    const endpoints = this.#options.catalog.snapshot.task(id)?.endpoints ?? [];
    return network !== undefined && endpoints.some((endpoint) => endpoint.network === network);
  }
}

function isContainer(task: Task | undefined): task is ContainerTask {
  return task?.resolver !== undefined;
}

function sortKey({ stack, name }: Task): string {
  return `${stack}/${name}`;
}
