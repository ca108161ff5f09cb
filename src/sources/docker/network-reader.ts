import type { Log } from '../../net/log.js';
import { readGatewayBridge, readMembers, readNetwork, readNetworks, type NetworkMember } from './networks.js';
import { rawObject } from './raw.js';
import { DockerError, type DockerPort } from './port.js';
import type { ContainerTable } from './container-table.js';
import type { Timers } from '../../runtime/timers.js';
import { errorMessage } from '../../net/error-message.js';

export interface NetworkReaderOptions {
  readonly port: DockerPort;
  readonly table: ContainerTable;
  readonly timers: Timers;
  readonly log: Log;
}

/** By container id. */
type Members = ReadonlyMap<string, NetworkMember>;

/**
 * Keeps the table's networks current. Networks that cannot be read stay as they were; containers do not wait for them.
 */
export class NetworkReader {
  readonly #options: NetworkReaderOptions;
  readonly #readings = new Map<string, { readonly isBegun: boolean; readonly members: Promise<Members> }>();
  #due: (() => void) | undefined;
  /** Answers may overtake each other, so only the answer to the last question counts. */
  #asked = 0;

  constructor(options: NetworkReaderOptions) {
    this.#options = options;
  }

  /** Networks change in bursts (`compose down`), so they are read once per burst. */
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
      if (networks === undefined) throw new DockerError('listing networks: the answer is not a list');
      if (!isLast()) return;
      table.setNetworks(networks, cause);
      const bridge = networks.gatewayBridge;
      const json = bridge === undefined ? undefined : await port.inspectNetwork(bridge);
      if (isLast()) table.setGatewayBridge(readGatewayBridge(json), cause);
    } catch (error) {
      if (!isLast()) return;
      const why = errorMessage(error);
      this.#options.log.warn('networks cannot be read; the last known ones are used until the next resync', {
        why,
      });
    }
  }

  /**
   * A container's place on one network. It is known as soon as the container is connected. An inspection of the
   * container answers much later, at the end of its start.
   * @returns undefined if it is not there, or the engine does not answer
   */
  async placeOn(network: string, container: string): Promise<NetworkMember | undefined> {
    if (!/^[\w.-]+$/.test(network)) return undefined;
    const members = await this.#membersOf(network);
    return members.get(container);
  }

  /** Many containers that start together cost two inspections of their network: a running one, and one after it. */
  #membersOf(network: string): Promise<Members> {
    const before = this.#readings.get(network);
    if (before?.isBegun === false) return before.members;
    const begin = (): Promise<Members> => {
      reading.isBegun = true;
      return this.#readMembers(network);
    };
    const reading = { isBegun: false, members: Promise.resolve(before?.members).then(begin) };
    this.#readings.set(network, reading);
    void reading.members.then(() => {
      if (this.#readings.get(network) === reading) this.#readings.delete(network);
    });
    return reading.members;
  }

  async #readMembers(network: string): Promise<Members> {
    try {
      const json = await this.#options.port.inspectNetwork(network);
      const fact = readNetwork(rawObject(json));
      // The network is as new as the container, and the list that its event requested may come later.
      if (fact !== undefined) this.#options.table.addNetwork(fact, 'network create');
      return readMembers(json);
    } catch {
      return new Map();
    }
  }

  stop(): void {
    this.#due?.();
    this.#asked += 1;
  }
}
