import type { LoadedConfig } from './loaded-config.js';

/** Undoes the preparation. */
export type Undo = () => void | Promise<void>;

/** One part of the daemon. All methods are optional. */
export interface Part {
  /** For the log: `DNS listeners`. */
  readonly name: string;
  /**
   * Does everything that can fail for a configuration, at the start and at each reload. During a reload, the current
   * configuration stays active.
   * @returns undoes it, for a reload that fails in a later part
   * @throws Error with one line; the part is then unchanged
   */
  prepare?(next: LoadedConfig): Undo | Promise<Undo | undefined> | undefined;
  /**
   * Starts to work with the prepared configuration.
   * @throws Error with one line; the daemon then does not start
   */
  start?(loaded: LoadedConfig): void | Promise<void>;
  /** Activates the prepared configuration. It must not fail, because other parts already use the new configuration. */
  reload?(loaded: LoadedConfig): void | Promise<void>;
  /**
   * Stops and releases all resources of the part, also after a failed `prepare` or `start`.
   * @param hasSuccessor whether another process has taken over; then the host's addresses, routes and rules stay in
   * place
   */
  stop?(hasSuccessor: boolean): void | Promise<void>;
}

/** Starts and reloads parts in the order of one list, and stops them in reverse order. */
export class Lifecycle {
  readonly #parts: readonly Part[];
  readonly #onFault: (error: unknown, part: string) => void;
  /** Parts to stop, the last one first. */
  readonly #begun: Part[] = [];

  /** @param onFault receives the error of a part that must not fail; the other parts continue */
  constructor(parts: readonly Part[], onFault: (error: unknown, part: string) => void) {
    this.#parts = parts;
    this.#onFault = onFault;
  }

  /**
   * Prepares and starts one part after the other.
   * @throws the error of the part that failed; then everything is stopped
   */
  async start(loaded: LoadedConfig): Promise<void> {
    try {
      for (const part of this.#parts) {
        this.#begun.push(part);
        await part.prepare?.(loaded);
        await part.start?.(loaded);
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /**
   * Prepares all parts, then activates the configuration in all of them.
   * @throws the error of the part that could not be prepared; then everything is unchanged
   */
  async reload(next: LoadedConfig): Promise<void> {
    const prepared: { readonly part: Part; readonly undo: Undo }[] = [];
    try {
      for (const part of this.#parts) {
        const undo = await part.prepare?.(next);
        if (undo) prepared.unshift({ part, undo });
      }
    } catch (error) {
      for (const { part, undo } of prepared) await this.#safely(part, undo);
      throw error;
    }
    for (const part of this.#parts) await this.#safely(part, () => part.reload?.(next));
  }

  async stop(hasSuccessor = false): Promise<void> {
    for (let part = this.#begun.pop(); part; part = this.#begun.pop()) {
      const ending = part;
      await this.#safely(ending, () => ending.stop?.(hasSuccessor));
    }
  }

  async #safely(part: Part, work: () => void | Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#onFault(error, part.name);
    }
  }
}
