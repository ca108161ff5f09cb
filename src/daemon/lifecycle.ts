import type { LoadedConfig } from './loaded-config.js';

/** Takes back what was prepared. */
export type Undo = () => void | Promise<void>;

/** One part of the daemon. A part does only what it has a method for. */
export interface Part {
  /** For the log: `DNS listeners`. */
  readonly name: string;
  /**
   * Does everything about a configuration that can fail, at start and at each reload. At a reload, what is in force
   * stays in force.
   * @returns takes it back, for a reload that failed in a later part
   * @throws Error with one line; the part is then as it was before
   */
  prepare?(next: LoadedConfig): Undo | Promise<Undo | undefined> | undefined;
  /**
   * Begins to work with what was prepared.
   * @throws Error with one line; the daemon does not start then
   */
  start?(loaded: LoadedConfig): void | Promise<void>;
  /** Puts what was prepared in force. It must not fail: other parts have the new configuration already. */
  reload?(loaded: LoadedConfig): void | Promise<void>;
  /**
   * Ends the work and releases what the part holds, also after a `prepare` or a `start` that failed.
   * @param hasSuccessor another process has taken over what the host has for Fairlead: it stays as it is
   */
  stop?(hasSuccessor: boolean): void | Promise<void>;
}

/** Starts and reloads parts in the order of one list, and stops them in the opposite order. */
export class Lifecycle {
  readonly #parts: readonly Part[];
  readonly #onFault: (error: unknown, part: string) => void;
  /** Parts to stop, the last one first. */
  readonly #begun: Part[] = [];

  /** @param onFault receives the error of a part that must not fail; the other parts go on */
  constructor(parts: readonly Part[], onFault: (error: unknown, part: string) => void) {
    this.#parts = parts;
    this.#onFault = onFault;
  }

  /**
   * Prepares and starts one part after the other.
   * @throws the error of the part that failed; everything is stopped then
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
   * Prepares all parts, and then puts the configuration in force in all of them.
   * @throws the error of the part that could not be prepared; everything is as it was before then
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
