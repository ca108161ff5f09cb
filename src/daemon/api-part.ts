import { isDeepStrictEqual } from 'node:util';
import type { FaceServer } from '../api/face-server.js';
import type { Config } from '../config/config-model.js';
import type { Part, Undo } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';

/** The API. It moves to other addresses when its configuration changes. */
export class ApiPart implements Part {
  readonly name = 'API';
  readonly #create: (config: Config) => Promise<FaceServer>;
  #api: FaceServer | undefined;
  #config: Config | undefined;

  constructor(create: (config: Config) => Promise<FaceServer>) {
    this.#create = create;
  }

  /** Addresses: `unix:/path`, `ip:port`. */
  addresses(): readonly string[] {
    return this.#api?.addresses() ?? [];
  }

  /** The old API stops first, because both may use the same address. It starts again if the new one cannot listen. */
  async prepare({ config }: LoadedConfig): Promise<Undo | undefined> {
    const before = this.#config;
    // Another state directory has other tokens.
    if (before?.state === config.state && isDeepStrictEqual(before.api, config.api)) {
      this.#config = config;
      return undefined;
    }
    const undo = async () => {
      await this.#api?.stop();
      this.#api = undefined;
      if (before) await this.#listen(before);
    };
    await this.#api?.stop();
    try {
      await this.#listen(config);
    } catch (error) {
      await undo();
      throw error;
    }
    return undo;
  }

  async stop(): Promise<void> {
    await this.#api?.stop();
  }

  /** Listens again on its addresses from before {@link stop}. */
  async resume(): Promise<void> {
    if (this.#config) await this.#listen(this.#config);
  }

  async #listen(config: Config): Promise<void> {
    const api = await this.#create(config);
    await api.start();
    this.#api = api;
    this.#config = config;
  }
}
