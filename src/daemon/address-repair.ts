import { addLoopbackAddress, hasAddress } from '../linux/addresses.js';
import { errorMessage } from '../net/error-message.js';
import { isLinkLocal } from '../net/ip.js';
import type { Log } from '../net/log.js';

/** How often the addresses are checked. */
const LOOK_MS = 1000;

/** The addresses of the host. */
export interface HostAddresses {
  has(ip: string): boolean;
  /** @returns whether the address had to be added */
  add(ip: string): Promise<boolean>;
}

/**
 * Restores the listeners' link-local addresses when something removes them. Otherwise `ip addr flush dev lo` would stop
 * DNS for good. Other addresses belong to the operator.
 */
export class AddressRepair {
  readonly #wanted: () => readonly string[];
  readonly #log: Pick<Log, 'warn' | 'error'>;
  readonly #host: HostAddresses;
  #timer: NodeJS.Timeout | undefined;
  /** Why an address could not be restored; logged once. */
  #failed: string | undefined;

  constructor(
    wanted: () => readonly string[],
    log: Pick<Log, 'warn' | 'error'>,
    host: HostAddresses = { has: hasAddress, add: addLoopbackAddress },
  ) {
    this.#wanted = wanted;
    this.#log = log;
    this.#host = host;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    for (const ip of this.#wanted().filter((each) => isLinkLocal(each) && !this.#host.has(each))) {
      try {
        if (await this.#host.add(ip))
          this.#log.warn(`${ip} had been removed from this host; it is on lo again`);
        this.#failed = undefined;
      } catch (error) {
        const message = errorMessage(error);
        if (this.#failed !== message) this.#log.error(message);
        this.#failed = message;
      }
    }
  }
}
