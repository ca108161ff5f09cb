import type { Part, Undo } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import { createNames, type Names, type NamesContext } from './name-parts.js';

/** The parts of the name server that a configuration makes, as they are in force. */
export class NamesInForce implements Part {
  readonly name = 'names';
  readonly #context: NamesContext;
  readonly #onUse: (names: Names) => void;
  #current: Names | undefined;
  #next: Names | undefined;

  /** @param onUse receives the parts that have just come into force */
  constructor(context: NamesContext, onUse: (names: Names) => void) {
    this.#context = context;
    this.#onUse = onUse;
  }

  /** @throws Error before the first configuration is in force */
  get current(): Names {
    if (!this.#current) throw new Error('no configuration is in force yet');
    return this.#current;
  }

  prepare({ config }: LoadedConfig): Undo {
    const next = createNames(config, this.#context);
    this.#next = next;
    return () => {
      this.#next = undefined;
      next.forwarder.close();
    };
  }

  start(): void {
    const before = this.#current;
    this.#current = this.#next ?? this.#current;
    this.#next = undefined;
    before?.forwarder.close();
    this.#onUse(this.current);
  }

  reload(): void {
    this.start();
  }

  stop(): void {
    this.#current?.forwarder.close();
  }
}
