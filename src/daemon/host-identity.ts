import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { TaskNode } from '../catalog/model.js';
import type { Config } from '../config/config-model.js';
import { errorMessage } from '../net/error-message.js';
import type { Part } from './lifecycle.js';
import type { LoadedConfig } from './loaded-config.js';

const form = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The identity of this host towards others that share a registry with it. The id survives restarts, upgrades and a new
 * host name. It is in the file `host-id` of the state directory.
 */
export class HostIdentity implements Part {
  readonly name = 'host identity';
  readonly #onError: (message: string) => void;
  #id: string = randomUUID();
  #name = hostname();

  /** @param onError receives one line if the id cannot be saved; the next restart then creates another one */
  constructor(onError: (message: string) => void) {
    this.#onError = onError;
  }

  get node(): TaskNode {
    return { id: this.#id, name: this.#name };
  }

  async start({ config }: LoadedConfig): Promise<void> {
    this.#use(config);
    const path = join(config.state, 'host-id');
    const kept = await readFile(path, 'utf8').catch(() => '');
    if (form.test(kept.trim())) {
      this.#id = kept.trim();
      return;
    }
    try {
      await mkdir(config.state, { recursive: true, mode: 0o750 });
      await writeFile(path, `${this.#id}\n`, { mode: 0o640 });
    } catch (error) {
      this.#onError(
        `${path}: the id of this host cannot be saved (${errorMessage(error)}); make the state directory writable`,
      );
    }
  }

  reload({ config }: LoadedConfig): void {
    this.#use(config);
  }

  #use({ host }: Config): void {
    this.#name = host.name ?? hostname();
  }
}
