import type { Log } from '../../net/log.js';
import { readGatewayBridge, readNetworks } from './networks.js';
import { DockerError, type DockerPort } from './port.js';
import type { ContainerTable } from './container-table.js';
import type { Timers } from './timers.js';
import { errorMessage } from '../../net/error-message.js';

export interface NetworkReaderOptions {
  readonly port: DockerPort;
  readonly table: ContainerTable;
  readonly timers: Timers;
  readonly log: Log;
}

/** Keeps the table's networks true. Networks that cannot be read stay as they were: containers do not wait for them. */
export class NetworkReader {
  readonly #options: NetworkReaderOptions;
  #due: (() => void) | undefined;
  /** Answers may overtake one another: only that to the last question counts. */
  #asked = 0;

  constructor(options: NetworkReaderOptions) {
    this.#options = options;
  }

  /** Networks come and go in bursts (`compose down`): one reading a burst. */
  refresh(cause: string): void {
    this.#due ??= this.#options.timers.after(0, () => {
      this.#due = undefined;
      void this.read(cause);
    });
  }

  /** Never rejects. */
  async read(cause: string): Promise<void> {
    const { port, table } = this.#options;
    this.#asked += 1;
    const question = this.#asked;
    const isLast = () => question === this.#asked;
    try {
      const networks = readNetworks(await port.listNetworks());
      if (networks === undefined) throw new DockerError('listing networks brought no list');
      if (!isLast()) return;
      table.setNetworks(networks, cause);
      const bridge = networks.gatewayBridge;
      const json = bridge === undefined ? undefined : await port.inspectNetwork(bridge);
      if (isLast()) table.setGatewayBridge(readGatewayBridge(json), cause);
    } catch (error) {
      if (!isLast()) return;
      const why = errorMessage(error);
      this.#options.log.warn('networks cannot be read; the last answer holds until the next resync', { why });
    }
  }

  stop(): void {
    this.#due?.();
    this.#asked += 1;
  }
}
