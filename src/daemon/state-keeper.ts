import type { Catalog } from '../catalog/catalog.js';
import type { StateFile } from '../catalog/state-file.js';

/** A burst of changes is one write. */
const SETTLE_MS = 1000;
/** Writing may take this share of the time at most, while there are changes all the time: large catalogs are written less often. */
const BUSY_SHARE = 0.005;

/** Writes the catalog's facts, what is known of health, and who has which virtual IP to the state directory after they change, and once more at the end. */
export class StateKeeper {
  readonly #catalog: Catalog;
  readonly #file: StateFile;
  readonly #onError: (error: unknown) => void;
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #pause = SETTLE_MS;

  constructor(catalog: Catalog, file: StateFile, onError: (error: unknown) => void) {
    this.#catalog = catalog;
    this.#file = file;
    this.#onError = onError;
    this.#unsubscribe = catalog.onChange(() => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        void this.#write();
      }, this.#pause).unref();
    });
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    clearTimeout(this.#timer);
    await this.#write();
  }

  #write(): Promise<void> {
    this.#writing = this.#writing.then(async () => {
      const started = performance.now();
      try {
        await this.#file.save({
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
