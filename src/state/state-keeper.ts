import type { Catalog } from '../catalog/catalog.js';
import type { Problem } from '../catalog/model.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';
import { StateFile, type SavedState } from './state-file.js';
import {
  askForTakeover,
  AlreadyRunning,
  StateLock,
  type Predecessor,
  type TakeoverRequest,
} from './state-lock.js';

/** Changes within this time share one write. */
const SETTLE_MS = 1000;
/**
 * The largest share of time spent on writing under constant change. Large catalogs are therefore written less often.
 */
const BUSY_SHARE = 0.005;
/** A write takes long on a slow disk or a busy machine, too. A power cut loses no more than this. */
const LONGEST_PAUSE_MS = 60_000;
/** How long to wait before retrying a failed write. The wait doubles each time, up to a minute. */
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 60_000;

/** The status of the state directory. */
export interface StateStatus {
  readonly directory: string;
  /** When this process last wrote the state, in milliseconds since the epoch. Undefined before the first write. */
  readonly writtenAt?: number;
  /** Failed writes since the start. */
  readonly failures: number;
  /** Why the last write failed. Undefined if it succeeded. */
  readonly error?: string;
}

export interface StateKeeperOptions {
  /** Whether to take over from a running daemon. */
  readonly takesOver?: boolean;
  /** Called when a successor asks to take over. */
  readonly onTakeover?: (request: TakeoverRequest) => void;
}

/** The part of the configuration that the keeper reads. */
interface Loaded {
  readonly config: { readonly state: string };
}

interface Place {
  readonly directory: string;
  readonly file: StateFile;
  /** Undefined if the directory cannot be locked, for instance because it is read-only. */
  readonly lock: StateLock | undefined;
}

/** Stores the catalog's facts, health, drains and virtual IP leases in the state directory. */
export class StateKeeper {
  readonly name = 'state directory';
  readonly #catalog: Catalog;
  readonly #log: Log;
  readonly #options: StateKeeperOptions;
  #predecessor: Predecessor | undefined;
  #place: Place | undefined;
  #next: Place | undefined;
  #saved: SavedState = { sources: new Map() };
  #faults: readonly string[] = [];
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #pause = SETTLE_MS;
  #retry = FIRST_RETRY_MS;
  #writtenAt: number | undefined;
  #failures = 0;
  #error: string | undefined;

  constructor(catalog: Catalog, log: Log, options: StateKeeperOptions = {}) {
    this.#catalog = catalog;
    this.#log = log;
    this.#options = options;
  }

  /** The daemon that keeps serving until this one does. */
  get predecessor(): Predecessor | undefined {
    return this.#predecessor;
  }

  /** Writes once more and releases the directory to a successor. */
  async yield(): Promise<void> {
    const unsubscribe = this.#unsubscribe;
    this.#unsubscribe = undefined;
    unsubscribe?.();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#write();
    this.#place?.lock?.release();
  }

  /** Takes the directory back because the successor went away. */
  async resume(): Promise<void> {
    if (!this.#place) return;
    const { directory, file } = this.#place;
    this.#place = { directory, file, lock: await this.#lock(directory) };
    this.#follow();
  }

  /** @throws AlreadyRunning when another daemon uses the directory */
  async prepare({ config }: Loaded): Promise<(() => void) | undefined> {
    const directory = config.state;
    if (this.#place?.directory === directory) return undefined;
    if (this.#options.takesOver && !this.#place) this.#predecessor = await askForTakeover(directory);
    const next = { directory, file: new StateFile(directory), lock: await this.#lock(directory) };
    this.#next = next;
    return () => {
      this.#next = undefined;
      next.lock?.release();
    };
  }

  /** Reads the state of an earlier process, and from now on writes after each change. */
  async start(): Promise<void> {
    this.#place = this.#next;
    this.#next = undefined;
    if (!this.#place) return;
    const { state, faults } = await this.#place.file.load();
    this.#saved = state;
    this.#faults = faults.map(errorMessage);
    for (const fault of this.#faults) this.#log.warn(fault);
    if (state.health) this.#catalog.restoreHealth(state.health);
    this.#follow();
  }

  #follow(): void {
    this.#unsubscribe = this.#catalog.onChange((_, { sources }) => {
      // Writing before the sources have restored the saved facts would lose them.
      if (sources.length > 0 || this.#saved.sources.size === 0) this.#plan();
    });
  }

  /** The state that an earlier process saved. */
  get saved(): SavedState {
    return this.#saved;
  }

  /** To be called when the saved state is restored: a second copy of all facts would be kept otherwise. */
  forget(): void {
    this.#saved = { sources: new Map() };
  }

  async reload(): Promise<void> {
    if (!this.#next) return;
    const before = this.#place;
    this.#place = this.#next;
    this.#next = undefined;
    await this.#writing;
    before?.lock?.release();
    await this.#write();
  }

  /** Writes the latest facts once more. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    // A daemon that never read the saved state must not overwrite it.
    if (this.#unsubscribe) {
      this.#unsubscribe();
      this.#unsubscribe = undefined;
      if (this.#catalog.snapshot.sources.length > 0) await this.#write();
      clearTimeout(this.#timer);
    }
    this.#next?.lock?.release();
    this.#place?.lock?.release();
    this.#place = undefined;
  }

  /**
   * Resolves when the active drains are on disk.
   * @throws Error with one line; the drains are active, but a restart would lose them
   */
  async saveDrains(): Promise<void> {
    try {
      await this.#place?.file.saveDrains(this.#catalog.drains);
    } catch (error) {
      this.#note(error);
      throw error;
    }
  }

  status(): StateStatus {
    return {
      directory: this.#place?.directory ?? '',
      ...(this.#writtenAt !== undefined && { writtenAt: this.#writtenAt }),
      failures: this.#failures,
      ...(this.#error !== undefined && { error: this.#error }),
    };
  }

  problems(): readonly Problem[] {
    const subject = `state directory ${this.#place?.directory ?? ''}`;
    return [
      ...this.#faults.map((message) => ({ code: 'state-unusable', subject, message })),
      ...(this.#error === undefined
        ? []
        : [
            {
              code: 'state-not-written',
              subject,
              message: `${this.#error}; a restart would forget what changed`,
            },
          ]),
    ];
  }

  async #lock(directory: string): Promise<StateLock | undefined> {
    try {
      const lock = await StateLock.take(directory);
      lock.onTakeover = this.#options.onTakeover;
      return lock;
    } catch (error) {
      if (error instanceof AlreadyRunning) throw error;
      this.#log.warn(`${directory}: cannot be locked against a second daemon: ${errorMessage(error)}`);
      return undefined;
    }
  }

  #plan(wait = this.#pause): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, wait).unref();
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const started = performance.now();
      try {
        await this.#place?.file.saveDrains(this.#catalog.drains);
        await this.#place?.file.save({
          sources: this.#catalog.exportFacts(),
          health: this.#catalog.exportHealth(),
          vips: this.#catalog.exportVips(),
        });
        if (this.#error !== undefined) this.#log.info('the state can be written again');
        this.#error = undefined;
        this.#retry = FIRST_RETRY_MS;
        this.#writtenAt = Date.now();
      } catch (error) {
        this.#note(error);
        if (this.#unsubscribe) this.#plan(this.#retry);
        this.#retry = Math.min(LONGEST_RETRY_MS, this.#retry * 2);
      }
      const pause = (performance.now() - started) / BUSY_SHARE;
      this.#pause = Math.min(LONGEST_PAUSE_MS, Math.max(SETTLE_MS, pause));
    });
    return this.#writing;
  }

  #note(error: unknown): void {
    const message = errorMessage(error);
    this.#failures++;
    if (message !== this.#error) this.#log.warn(message);
    this.#error = message;
  }
}
