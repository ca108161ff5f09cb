import type { Catalog } from '../catalog/catalog.js';
import { StateFile, type SavedState } from '../catalog/state-file.js';
import type { Part, Undo } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';

/** A burst of changes is one write. */
const SETTLE_MS = 1000;
/** Writing may take this share of the time at most, while there are changes all the time: large catalogs are written less often. */
const BUSY_SHARE = 0.005;

/** Keeps the catalog's facts, what is known of health, and the leases of virtual IPs in the state directory. */
export class StateKeeper implements Part {
  readonly name = 'state directory';
  readonly #catalog: Catalog;
  readonly #onError: (error: unknown) => void;
  #directory = '';
  #saved: SavedState = { sources: new Map() };
  #unsubscribe: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #pause = SETTLE_MS;

  /** @param onError receives what could not be read or written */
  constructor(catalog: Catalog, onError: (error: unknown) => void) {
    this.#catalog = catalog;
    this.#onError = onError;
  }

  prepare({ config }: LoadedConfig): Undo {
    const before = this.#directory;
    this.#directory = config.state;
    return () => {
      this.#directory = before;
    };
  }

  /** Reads what an earlier process left. */
  async start(): Promise<void> {
    try {
      this.#saved = await new StateFile(this.#directory).load();
    } catch (error) {
      this.#onError(error);
    }
    if (this.#saved.health) this.#catalog.restoreHealth(this.#saved.health);
  }

  /** What an earlier process left. */
  get saved(): SavedState {
    return this.#saved;
  }

  /** Writes after each change from now on. */
  follow(): void {
    this.#unsubscribe = this.#catalog.onChange(() => this.#plan());
  }

  reload(): void {
    this.#plan();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    if (!this.#unsubscribe) return;
    this.#unsubscribe();
    this.#unsubscribe = undefined;
    await this.#write();
  }

  #plan(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#write();
    }, this.#pause).unref();
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const started = performance.now();
      try {
        await new StateFile(this.#directory).save({
          sources: this.#catalog.exportFacts(),
          health: this.#catalog.exportHealth(),
          vips: this.#catalog.exportVips(),
        });
      } catch (error) {
        this.#onError(error);
      }
      this.#pause = Math.max(SETTLE_MS, (performance.now() - started) / BUSY_SHARE);
    });
    return this.#writing;
  }
}
