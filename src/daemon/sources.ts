import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Catalog } from '../catalog/catalog.js';
import type { Demand } from '../catalog/demand.js';
import type { TaskNode } from '../catalog/model.js';
import type { SavedFacts } from '../state/state-file.js';
import type { Source } from '../catalog/facts.js';
import type { Config } from '../config/config-model.js';
import { ExecError, type ContainerExec } from '../sources/docker/container-exec.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import type { DaemonLog } from './daemon-log.js';
import type { Pace } from '../runtime/pace.js';
import { PacedSink } from '../sources/paced-sink.js';
import { errorMessage } from '../net/error-message.js';
import { capabilitiesOf, wantedSources, type WantedSource } from './source-table.js';

/** How long a start waits for the first facts, in milliseconds. */
const FIRST_FACTS_MS = 2000;

interface Running {
  readonly source: Source;
  readonly exec: ContainerExec | undefined;
  readonly sink: PacedSink;
  readonly settings: unknown;
}

/** Runs the configured sources, and restarts them when their settings change. */
export class Sources implements Part {
  readonly name = 'sources';
  readonly #catalog: Catalog;
  readonly #demand: Demand;
  readonly #log: DaemonLog;
  readonly #pace: Pace;
  readonly #node: () => TaskNode;
  readonly #saved: () => SavedFacts | undefined;
  /** What the start does, even after other parts have started. */
  #changing: Promise<void> = Promise.resolve();
  #onAnswering: () => void = () => undefined;
  #isStopped = false;
  readonly #running = new Map<string, Running>();

  /**
   * @param demand what a source that reads only what is used reads
   * @param node this host
   * @param saved facts that are served until a source has reported; read once, at the start
   */
  constructor(
    catalog: Catalog,
    demand: Demand,
    pace: Pace,
    log: DaemonLog,
    node: () => TaskNode,
    saved: () => SavedFacts | undefined,
  ) {
    this.#catalog = catalog;
    this.#demand = demand;
    this.#pace = pace;
    this.#node = node;
    this.#log = log;
    this.#saved = saved;
  }

  /**
   * Makes the running sources match the configuration. A source with unchanged settings continues undisturbed.
   * @returns resolves when each new source of this host has made its first attempt
   */
  #change(config: Config): Promise<void> {
    const wanted = wantedSources(config, this.#node());
    return this.#run(wanted, this.#sinksFor(wanted));
  }

  /**
   * Sinks come first and in order, because names must not be denied until their source has reported. The facts of a
   * source whose settings changed are served until the new one has reported.
   * @param saved facts that are served until a source has reported
   */
  #sinksFor(wanted: readonly WantedSource[], saved?: SavedFacts): readonly PacedSink[] {
    return wanted.map((each) => this.#running.get(each.name)?.sink ?? this.#createSink(each, saved));
  }

  async #run(wanted: readonly WantedSource[], sinks: readonly PacedSink[]): Promise<void> {
    if (this.#isStopped) return;
    const names = new Set(wanted.map(({ name }) => name));
    const gone = [...this.#running.keys()].filter((name) => !names.has(name));
    await Promise.all([
      ...gone.map((name) => this.#end(name)),
      ...wanted.map((each, at) => this.#replace(each, sinks[at])),
    ]);
  }

  async #end(name: string): Promise<void> {
    const running = this.#running.get(name);
    await running?.source.stop();
    running?.sink.close();
    this.#running.delete(name);
    this.#catalog.dropSource(name);
  }

  async #replace(wanted: WantedSource, sink: PacedSink | undefined): Promise<void> {
    const { name, settings } = wanted;
    const before = this.#running.get(name);
    if (sink === undefined || isDeepStrictEqual(before?.settings, settings)) return;
    await before?.source.stop();
    const { source, exec } = await wanted.create(this.#log.of(name), this.#demand);
    if (this.#isStopped) return;
    this.#running.set(name, { source, exec, sink, settings });
    const begun = source.start(sink).then(() => sink.flush());
    // A registry may be away for a long time. The tasks of this host are served without it.
    if (wanted.isRemote) begun.catch((error: unknown) => this.#report(error));
    else await begun;
  }

  #report(error: unknown): void {
    this.#log.error('a source could not be started; please report it', { error: errorMessage(error) });
  }

  /** Runs a program in a task. @throws ExecError if there is no engine, or the program could not be run */
  async exec(...call: Parameters<ContainerExec['exec']>): ReturnType<ContainerExec['exec']> {
    const source = this.#catalog.snapshot.task(call[0])?.source ?? '';
    const engine = this.#running.get(source)?.exec;
    if (!engine) throw new ExecError('no Docker engine is configured to run it', 'EAGAIN');
    return engine.exec(...call);
  }

  /**
   * Starts with the saved facts: the sources themselves begin when names are answered with these ({@link answering}).
   * For sources without saved facts, waits a while for the first ones, so that the first queries do not fail.
   */
  async start({ config }: LoadedConfig): Promise<void> {
    const saved = this.#saved();
    // What was in use before goes on being read; its virtual IPs may have connections that ask for no name.
    for (const [name, { facts }] of saved ?? []) {
      if (capabilitiesOf(name).firstHand) continue;
      for (const { service } of facts.tasks) if (service) void this.#demand.use(service, 'unlikely');
    }
    const wanted = wantedSources(config, this.#node());
    const sinks = this.#sinksFor(wanted, saved);
    const isServed = wanted.every(({ name, isRemote }) => isRemote || saved?.has(name) === true);
    const answering = new Promise<void>((resolve) => {
      this.#onAnswering = resolve;
    });
    const ready = isServed ? answering : Promise.resolve();
    this.#changing = ready
      .then(() => this.#run(wanted, sinks))
      .catch((error: unknown) => this.#report(error));
    if (!isServed) await Promise.race([this.#changing, delay(FIRST_FACTS_MS, undefined, { ref: false })]);
  }

  /** To be called when names are answered. */
  answering(): void {
    this.#onAnswering();
  }

  /** @returns resolves when each source of this host that it started with has made its first attempt */
  haveBegun(): Promise<void> {
    return this.#changing;
  }

  /** Attempts that failed, by the name of each source that runs. */
  failures(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#running].map(([name, { source }]) => [name, source.failures]));
  }

  /** When each source that runs last reported a change, milliseconds since the epoch. */
  heardAt(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      [...this.#running].flatMap(([name, { sink }]) =>
        sink.heardAt === undefined ? [] : [[name, sink.heardAt]],
      ),
    );
  }

  async reload({ config }: LoadedConfig): Promise<void> {
    await this.#changing;
    await this.#change(config);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#running.values()].map(({ source }) => source.stop()));
    for (const { sink } of this.#running.values()) sink.close();
  }

  #createSink({ name, ...place }: WantedSource, saved: SavedFacts | undefined): PacedSink {
    const log = this.#log.of(name);
    return new PacedSink(this.#catalog.sink(name, saved?.get(name), place), this.#pace, (error) => {
      log.error('a change could not be processed; please report it', { error: errorMessage(error) });
    });
  }
}
