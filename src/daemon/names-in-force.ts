import type { Config } from '../config/config-model.js';
import type { Part, Undo } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';
import { createNames, type Names, type NamesContext } from './name-parts.js';

/** The current parts of the name server, made from the configuration. */
export class NamesInForce implements Part {
  readonly name = 'names';
  readonly #context: NamesContext;
  readonly #onUse: (names: Names) => void;
  #current: Names | undefined;
  #next: Names | undefined;
  /** Of the current parts. */
  #config: Config | undefined;
  #nextConfig: Config | undefined;

  /** @param onUse receives new parts when they become current */
  constructor(context: NamesContext, onUse: (names: Names) => void) {
    this.#context = context;
    this.#onUse = onUse;
  }

  /** @throws Error before the first configuration is active */
  get current(): Names {
    if (!this.#current) throw new Error('no configuration is active yet');
    return this.#current;
  }

  prepare({ config }: LoadedConfig): Undo {
    const next = createNames(config, this.#context);
    this.#next = next;
    this.#nextConfig = config;
    return () => {
      this.#next = undefined;
      next.forwarder.close();
    };
  }

  start(): void {
    const before = this.#current;
    this.#current = this.#next ?? this.#current;
    this.#config = this.#nextConfig ?? this.#config;
    this.#next = undefined;
    this.#nextConfig = undefined;
    before?.forwarder.close();
    this.#onUse(this.current);
  }

  reload(): void {
    this.start();
  }

  /** Creates the parts again from the current configuration, because a file that they read on the host has changed. */
  renew(): void {
    if (!this.#config) return;
    const before = this.current;
    this.#current = createNames(this.#config, this.#context);
    before.forwarder.close();
    this.#onUse(this.#current);
  }

  stop(): void {
    this.#current?.forwarder.close();
  }
}
