import { isDeepStrictEqual } from 'node:util';
import type { FactDelta, FactSink, NetworkFact, TaskFact } from '../../catalog/facts.js';
import type { Problem, TaskNode } from '../../catalog/model.js';
import type { Container } from './container.js';
import { ContainerLabels } from './container-labels.js';
import { operatorName } from '../../labels/task-names.js';
import type { Networks } from './networks.js';
import { printable } from '../../text/printable.js';
import { SharedServices, type ServiceClaims } from './shared-services.js';
import { isDraining, parentOf, toFact, type SentSignal } from './to-fact.js';

export interface TableOptions {
  /** The daemon's. */
  readonly environment: string;
  /** The engine's host. */
  readonly node?: TaskNode | undefined;
  readonly hostAddress: () => string | undefined;
  /** Labels that are kept besides those that Fairlead reads; none by default. */
  readonly labels?: readonly string[] | undefined;
  readonly now: () => number;
  readonly sink: FactSink;
}

/** A signal that was sent, and until when it keeps the container out of traffic. */
interface PendingSignal extends SentSignal {
  readonly until: number;
}

/**
 * The known containers, and the facts derived from them. It survives the loss of the engine. Changes of one turn of the
 * event loop reach the sink together, one delta per cause, and only if a fact has changed.
 */
export class ContainerTable {
  readonly #options: TableOptions;
  readonly #labels: ContainerLabels;
  readonly #containers = new Map<string, Container>();
  /** Containers known only from the list. A pending inspection may change their identity. */
  readonly #awaiting = new Set<string>();
  readonly #children = new Map<string, Set<string>>();
  readonly #signals = new Map<string, PendingSignal>();
  readonly #unreadable = new Map<string, Problem>();
  #networks: Networks = { facts: [], ingress: new Set() };
  #gatewayBridge: ReadonlyMap<string, readonly string[]> = new Map();
  #root: string | undefined;

  /** What the sink has. */
  readonly #facts = new Map<string, TaskFact>();
  readonly #shared = new SharedServices();
  readonly #problems = new Map<string, readonly Problem[]>();
  #told: readonly Problem[] = [];
  readonly #changed = new Map<string, string>();
  #published = false;
  #scheduled = false;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#labels = new ContainerLabels(options.labels);
  }

  get(id: string): Container | undefined {
    return this.#containers.get(id);
  }

  /** Problems of known containers, and containers that were reported but could not be read. */
  get ids(): Iterable<string> {
    return [...this.#containers.keys(), ...this.#unreadable.keys()];
  }

  /** Adds or replaces a container from an inspection, or a stopped container from the list. */
  put(container: Container, cause: string): void {
    this.#awaiting.delete(container.id);
    this.#store(container, cause);
  }

  /** Applies an event to a known container. It does not replace an inspection. */
  overlay(container: Container, cause: string): void {
    this.#store(container, cause);
  }

  /** Adds a running container from the list. Its fact stays unchanged; see {@link trustList}. */
  putListed(container: Container, cause: string): void {
    const known = this.#containers.get(container.id);
    const isTrusted =
      known?.from === 'listed' && known.phase !== 'stopped' && !this.#awaiting.has(container.id);
    if (!isTrusted) this.#awaiting.add(container.id);
    this.#store(container, cause);
  }

  /** Call this if the inspection does not come. Then the list is better than nothing. */
  trustList(id: string, cause: string): void {
    if (this.#awaiting.delete(id)) this.#change(id, cause);
  }

  /** {@link trustList} for all containers whose inspection has not come. */
  trustAll(cause: string): void {
    for (const id of [...this.#awaiting]) this.trustList(id, cause);
  }

  remove(id: string, cause: string): void {
    this.#awaiting.delete(id);
    this.#signals.delete(id);
    this.#setUnreadable(id, undefined);
    const known = this.#containers.get(id);
    this.#containers.delete(id);
    if (known !== undefined) this.#unlink(known);
    this.#change(id, cause, known?.name);
  }

  /** @param until by the table's clock: a container that still runs then was not stopped by it */
  sent(id: string, signal: SentSignal, until: number, cause: string): void {
    this.#signals.set(id, { ...signal, until });
    this.#change(id, cause);
  }

  /** Whether the signal has expired, so that the next inspection decides. */
  isOverdue(id: string): boolean {
    const signal = this.#signals.get(id);
    return signal !== undefined && this.#options.now() >= signal.until;
  }

  isUnreadable(id: string): boolean {
    return this.#unreadable.has(id);
  }

  /** @param why undefined if it could be read */
  setUnreadable(id: string, why: string | undefined): void {
    const name = printable(operatorName(this.#containers.get(id)?.name ?? id.slice(0, 12)));
    const message =
      `container ${name}: ${why ?? ''}; Fairlead serves its last known state and asks the engine again; ` +
      `check it with "docker inspect ${name}"`;
    this.#setUnreadable(
      id,
      why === undefined
        ? undefined
        : { code: 'container-unreadable', subject: `container ${name}`, message, task: id },
    );
    this.#schedule();
  }

  get networks(): Networks {
    return this.#networks;
  }

  setNetworks(networks: Networks, cause: string): void {
    const before = this.#networks;
    this.#networks = networks;
    if (!isDeepStrictEqual(before.ingress, networks.ingress)) this.refresh(cause);
    if (!this.#published) return;
    const old = new Map(before.facts.map((fact) => [fact.id, fact]));
    const added = networks.facts.filter((fact) => !isDeepStrictEqual(old.get(fact.id), fact));
    for (const fact of networks.facts) old.delete(fact.id);
    this.#update({ networks: added, removedNetworks: [...old.keys()] }, cause);
  }

  /** Adds a network that is not in the list yet. */
  addNetwork(fact: NetworkFact, cause: string): void {
    const { facts } = this.#networks;
    if (facts.some(({ id }) => id === fact.id)) return;
    this.setNetworks({ ...this.#networks, facts: [...facts, fact] }, cause);
  }

  /** @param root the engine's data directory (`DockerRootDir`) */
  setRoot(root: string): void {
    if (root === this.#root) return;
    this.#root = root;
    this.refresh('engine');
  }

  setGatewayBridge(addresses: ReadonlyMap<string, readonly string[]>, cause: string): void {
    if (isDeepStrictEqual(this.#gatewayBridge, addresses)) return;
    this.#gatewayBridge = addresses;
    this.refresh(cause);
  }

  /** Derives the facts of every container again, because their other inputs may have changed. */
  refresh(cause: string): void {
    for (const id of this.#containers.keys()) this.#change(id, cause);
  }

  /** Reports everything now, and every change from now on. */
  publish(cause: string): void {
    this.#published = true;
    this.#changed.clear();
    for (const container of this.#containers.values()) {
      if (!this.#awaiting.has(container.id)) this.#remember(container.id, this.#compute(container));
    }
    this.#told = this.#allProblems();
    const networks: readonly NetworkFact[] = this.#networks.facts;
    const tasks = [...this.#facts.values()];
    const services = this.#shared.all();
    this.#options.sink.replace({ tasks, services, networks, problems: this.#told }, cause);
  }

  #store(container: Container, cause: string): void {
    const { id } = container;
    const known = this.#containers.get(id);
    const signal = this.#signals.get(id);
    if (signal !== undefined && (this.isOverdue(id) || this.#isOver(container, signal)))
      this.#signals.delete(id);
    if (known !== undefined) this.#unlink(known);
    this.#containers.set(id, container);
    const parent = parentOf(container);
    if (parent !== undefined) this.#children.set(parent, (this.#children.get(parent) ?? new Set()).add(id));
    this.#change(id, cause, known?.name);
  }

  /** A signal that stopped it, or that went to an earlier run. */
  #isOver(container: Container, signal: PendingSignal): boolean {
    return container.from === 'inspected' && !isDraining(container, signal);
  }

  #unlink(container: Container): void {
    const parent = parentOf(container);
    const children = parent === undefined ? undefined : this.#children.get(parent);
    if (parent === undefined || !children?.delete(container.id)) return;
    if (children.size === 0) this.#children.delete(parent);
  }

  #setUnreadable(id: string, problem: Problem | undefined): void {
    if (problem === undefined) this.#unreadable.delete(id);
    else this.#unreadable.set(id, problem);
  }

  #change(id: string, cause: string, formerName?: string, seen = new Set<string>()): void {
    if (seen.has(id)) return;
    seen.add(id);
    this.#changed.set(id, cause);
    for (const key of [id, this.#containers.get(id)?.name, formerName]) {
      for (const child of (key === undefined ? undefined : this.#children.get(key)) ?? []) {
        this.#change(child, cause, undefined, seen);
      }
    }
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#published || this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const deltas = new Map<string, { tasks: TaskFact[]; removedTasks: string[] }>();
    for (const [id, cause] of this.#changed) {
      if (this.#awaiting.has(id)) continue;
      const before = this.#facts.get(id);
      const container = this.#containers.get(id);
      const computed = container === undefined ? nothing : this.#compute(container);
      const { fact } = computed;
      this.#remember(id, computed);
      if (isDeepStrictEqual(before, fact)) continue;
      const delta = deltas.get(cause) ?? { tasks: [], removedTasks: [] };
      deltas.set(cause, delta);
      if (fact === undefined) delta.removedTasks.push(id);
      else delta.tasks.push(fact);
    }
    this.#changed.clear();
    const problems = this.#allProblems();
    const last = [...deltas.keys()].at(-1);
    const differ = !isDeepStrictEqual(problems, this.#told);
    this.#told = problems;
    for (const [cause, delta] of deltas) {
      this.#update(differ && cause === last ? { ...delta, problems } : delta, cause);
    }
    if (differ && last === undefined) this.#update({ problems }, 'problems');
    this.#update(this.#shared.takeChanges(), 'names of ports');
  }

  /** Leaves out empty lists, and reports nothing if nothing is left. */
  #update(delta: FactDelta, cause: string): void {
    const { problems, ...lists } = delta;
    const said = Object.entries(lists).filter(([, list]) => list.length > 0);
    if (said.length === 0 && problems === undefined) return;
    const kept = Object.fromEntries(said) as FactDelta;
    this.#options.sink.update({ ...kept, ...(problems === undefined ? {} : { problems }), cause });
  }

  #remember(id: string, { fact, claims, problems }: Computed): void {
    this.#shared.set(id, claims);
    if (fact === undefined) this.#facts.delete(id);
    else this.#facts.set(id, fact);
    if (problems.length === 0) this.#problems.delete(id);
    else this.#problems.set(id, problems);
  }

  #compute(container: Container): Computed {
    return toFact(container, {
      environment: this.#options.environment,
      node: this.#options.node,
      hostAddress: this.#options.hostAddress(),
      clientAddresses: this.#gatewayBridge.get(container.id) ?? [],
      unservedNetworks: this.#networks.ingress,
      root: this.#root,
      sent: this.#signals.get(container.id),
      labels: this.#labels,
      container: (id) => this.#containers.get(id) ?? this.#named(id),
    });
  }

  #named(name: string): Container | undefined {
    for (const container of this.#containers.values()) if (container.name === name) return container;
    return undefined;
  }

  #allProblems(): Problem[] {
    return [...[...this.#problems.values()].flat(), ...this.#unreadable.values(), ...this.#shared.problems()];
  }
}

interface Computed {
  readonly fact?: TaskFact | undefined;
  readonly claims?: ServiceClaims;
  readonly problems: readonly Problem[];
}

const nothing: Computed = { problems: [] };
