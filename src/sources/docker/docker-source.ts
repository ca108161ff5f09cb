import type { FactSink, Source } from '../../catalog/facts.js';
import type { TaskNode } from '../../catalog/model.js';
import { awayMessage } from './away.js';
import { connectByDockerode } from './dockerode-port.js';
import { EngineExec, type ContainerExec } from './container-exec.js';
import { EventParser, SeenEvents, watchStream } from './event-stream.js';
import { silentLog, type Log } from '../../net/log.js';
import type { ConnectDocker, DockerPort } from './port.js';
import { rawObject, rawText } from './raw.js';
import { Reconciler } from './reconciler.js';
import { watchSocket } from './socket-watch.js';
import { ContainerTable } from './container-table.js';
import { systemTimers, type Timers } from '../../runtime/timers.js';
import { defaultTiming, type Timing } from './timing.js';

export interface DockerSourceOptions {
  /** The path of the engine's unix socket, with or without `unix://`. */
  readonly socket: string;
  /** The environment of containers without a label for it. */
  readonly environment: string;
  /** The engine's host. */
  readonly node?: TaskNode;
  /** The IPv4 address of tasks in the host's network namespace; called again at each resync. */
  readonly hostAddress: () => string | undefined;
  /** Time between two full lists, in milliseconds. */
  readonly resyncMs: number;
  /** Labels that are kept besides those that Fairlead reads; see `keptLabels`. None by default. */
  readonly labels?: readonly string[];
  readonly log?: Log;
  readonly timers?: Timers;
  /** Milliseconds since the epoch; the system's by default. */
  readonly clock?: () => number;
  readonly timing?: Partial<Timing>;
  readonly connect?: ConnectDocker;
}

/**
 * The events of the last seconds are requested again, because the engine subscribes only after it has sent the headers.
 */
const overlapSeconds = 5;

/** A source that also runs programs in its containers, for checks of type exec. */
export interface DockerSource extends Source {
  readonly exec: ContainerExec;
}

/** Facts from a Docker engine. docs/sources-docker.md describes what it reads and when. */
export function createDockerSource(options: DockerSourceOptions): DockerSource {
  return new EngineSource(options);
}

class EngineSource implements DockerSource {
  readonly name = 'docker';
  readonly exec = new EngineExec();
  readonly #options: DockerSourceOptions;
  readonly #socket: string;
  readonly #timing: Timing;
  readonly #timers: Timers;
  readonly #clock: () => number;
  readonly #log: Log;
  readonly #connect: ConnectDocker;
  readonly #stopping = new AbortController();
  readonly #seen = new SeenEvents();
  #running: Promise<void> = Promise.resolve();
  #begun: () => void = () => undefined;
  #wake: () => void = () => undefined;
  /** When the facts were last known to be true; undefined until the first successful sync. */
  #asOf: number | undefined;
  #detail: string | undefined;
  #error: string | undefined;
  #failures = 0;

  constructor(options: DockerSourceOptions) {
    this.#options = options;
    this.#socket = options.socket.replace(/^unix:\/\//, '');
    this.#timing = { ...defaultTiming, resync: options.resyncMs, ...options.timing };
    this.#timers = options.timers ?? systemTimers;
    this.#clock = options.clock ?? Date.now;
    this.#log = options.log ?? silentLog;
    this.#connect = options.connect ?? connectByDockerode;
  }

  get failures(): number {
    return this.#failures;
  }

  async start(sink: FactSink): Promise<void> {
    const table = new ContainerTable({
      environment: this.#options.environment,
      node: this.#options.node,
      hostAddress: this.#options.hostAddress,
      labels: this.#options.labels,
      now: () => this.#timers.now(),
      sink,
    });
    await new Promise<void>((resolve) => {
      // A starting engine is slow to answer, and other parts need not wait for it.
      const cancel = this.#timers.after(this.#timing.call, () => {
        this.#away(sink, 'it has not answered yet');
        resolve();
      });
      this.#begun = () => {
        cancel();
        resolve();
      };
      this.#running = this.#run(sink, table).finally(this.#begun);
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#running;
  }

  async #run(sink: FactSink, table: ContainerTable): Promise<void> {
    let inARow = 0;
    while (!this.#isStopping()) {
      const wasLive = await this.#session(sink, table);
      this.#begun();
      if (this.#isStopping()) return;
      this.#failures += 1;
      inARow = wasLive ? 1 : inARow + 1;
      if (await this.#pause(inARow)) inARow = 0;
    }
  }

  /** One connection, from `/_ping` to its end. @returns whether it brought facts */
  async #session(sink: FactSink, table: ContainerTable): Promise<boolean> {
    const session = { isLive: false };
    let port: DockerPort | undefined;
    const duties: (() => void)[] = [];
    try {
      port = await this.#connect(this.#socket, this.#timing, this.#stopping.signal);
      if (this.#isStopping()) return false;
      const open = port;
      this.exec.use(open);
      const stream = await open.events(open.connectedAt / 1000 - overlapSeconds);
      void readRoot(open, table);
      const shared = { timers: this.#timers, timing: this.#timing, log: this.#log };
      const reconciler = new Reconciler({ port: open, table, ...shared });
      duties.push(() => reconciler.stop());
      const events = watchStream(stream, new EventParser(reconciler, this.#seen));
      duties.push(() => events.stop());
      const end = new End(this.#stopping.signal);
      void events.ended.then((why) => end.because(why));
      reconciler.resync('resync').then(
        () => {
          if (end.isOver) return;
          session.isLive = true;
          table.publish('resync');
          this.#live(sink, open);
          duties.push(this.#every(this.#timing.ping, () => open.ping(), end));
          duties.push(this.#every(this.#timing.resync, () => reconciler.resync('resync'), end));
        },
        (error: unknown) => end.because(error),
      );
      const why = await end.reason;
      if (session.isLive && typeof why === 'string') this.#asOf = this.#clock();
      if (!this.#isStopping()) this.#away(sink, why);
    } catch (error) {
      if (!this.#isStopping()) this.#away(sink, error);
    } finally {
      for (const give of duties) give();
      this.exec.use(undefined);
      port?.close();
    }
    return session.isLive;
  }

  /** Repeats a task. Its first failure ends the session. @returns stops it */
  #every(ms: number, task: () => Promise<void>, end: End): () => void {
    let cancel = this.#timers.after(ms, turn);
    const isOver = () => end.isOver;
    const proved = () => {
      this.#asOf = this.#clock();
      if (!isOver()) cancel = this.#timers.after(ms, turn);
    };
    function turn(): void {
      task().then(proved, (error: unknown) => end.because(error));
    }
    return () => cancel();
  }

  #live(sink: FactSink, port: DockerPort): void {
    this.#asOf = this.#clock();
    this.#error = undefined;
    this.#detail = `unix://${this.#socket}, Engine ${port.engineVersion || 'of unknown version'} (API ${port.apiVersion})`;
    sink.status({ state: 'live', asOf: this.#asOf, detail: this.#detail });
    this.#log.info('connected', { engine: this.#detail });
    this.#begun();
  }

  #away(sink: FactSink, cause: unknown): void {
    const error = awayMessage(this.#socket, cause);
    if (error === this.#error) return;
    this.#error = error;
    const detail = this.#detail ?? `unix://${this.#socket}`;
    if (this.#asOf === undefined) sink.status({ state: 'loading', error, detail });
    else sink.status({ state: 'stale', asOf: this.#asOf, error, detail });
    this.#log.warn(error);
  }

  /** A function because it changes behind an await, which narrowing does not see. */
  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** Waits before the next attempt. @returns whether the socket came back in the meantime */
  async #pause(failures: number): Promise<boolean> {
    let cameBack = false;
    await new Promise<void>((resolve) => {
      const stopWatch = watchSocket(this.#socket, () => {
        cameBack = true;
        this.#wake();
      });
      const { minBackoff, maxBackoff, blindBackoff } = this.#timing;
      const most = stopWatch === undefined ? blindBackoff : maxBackoff;
      const ms = Math.min(most, minBackoff * 2 ** Math.min(failures - 1, 16));
      const cancel = this.#timers.after(ms, () => this.#wake());
      this.#wake = () => {
        this.#wake = () => undefined;
        stopWatch?.();
        cancel();
        resolve();
      };
    });
    return cameBack;
  }
}

/** A proxy in front of the socket may refuse this call. Then an inspection shows where a container's files are. */
async function readRoot(port: DockerPort, table: ContainerTable): Promise<void> {
  try {
    const root = rawText(rawObject(await port.info()).DockerRootDir);
    if (root !== undefined) table.setRoot(root);
  } catch {
    return;
  }
}

/** The end of a session; the first reason counts. A text comes from the stream, an error from a call. */
class End {
  readonly reason: Promise<unknown>;
  isOver = false;
  #resolve: (why: unknown) => void = () => undefined;

  constructor(stopping: AbortSignal) {
    this.reason = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const stopped = () => this.because('stopped');
    stopping.addEventListener('abort', stopped, { once: true });
    void this.reason.then(() => stopping.removeEventListener('abort', stopped));
    if (stopping.aborted) stopped();
  }

  because(why: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#resolve(why);
  }
}
