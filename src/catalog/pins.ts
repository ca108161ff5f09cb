import { canonicalIp } from '../net/ip.js';
import { serviceNameOf, type Problem, type ServiceKey } from './model.js';
import type { VipPool } from '../net/vip-pool.js';

/** Which services request which addresses, and the problems to report for those that do not get theirs. */
export class PinBoard {
  readonly #asked = new Map<ServiceKey, string>();
  /** Sorted. */
  readonly #askers = new Map<string, readonly ServiceKey[]>();
  readonly #problems = new Map<ServiceKey, Problem>();

  /**
   * @param pin the address that a service requests from now on; undefined: none
   * @returns the addresses whose list of requesting services changed
   */
  set(key: ServiceKey, pin: string | undefined, pool: VipPool | undefined): string[] {
    const before = this.#asked.get(key);
    const address = pin === undefined ? undefined : canonicalIp(pin);
    const after = address !== undefined && pool?.holds(address) ? address : undefined;
    if (before !== after || pin === undefined) this.#problems.delete(key);
    if (pin !== undefined && after === undefined && pool) this.#problems.set(key, unfit(key, pin, pool));
    if (before === after) return [];
    if (before !== undefined) {
      this.#asked.delete(key);
      this.#list(
        before,
        this.askersOf(before).filter((other) => other !== key),
      );
    }
    if (after !== undefined) {
      this.#asked.set(key, after);
      this.#list(after, [...this.askersOf(after), key].sort());
    }
    return [before, after].filter((each) => each !== undefined);
  }

  /** The services that request an address, in the order of their keys. */
  askersOf(address: string): readonly ServiceKey[] {
    return this.#askers.get(address) ?? [];
  }

  /**
   * Tells those that ask for an address that another service has it.
   * @param holder has it; no problem names it
   * @param isThere false: it is gone, and the address is kept for it
   */
  settle(address: string, holder: ServiceKey, isThere: boolean): void {
    const name = serviceNameOf(holder);
    for (const key of this.askersOf(address)) {
      if (key === holder) this.#problems.delete(key);
      else this.#problems.set(key, taken(key, address, name, isThere));
    }
  }

  get problems(): Iterable<Problem> {
    return this.#problems.values();
  }

  #list(address: string, askers: readonly ServiceKey[]): void {
    if (askers.length === 0) this.#askers.delete(address);
    else this.#askers.set(address, askers);
  }
}

function taken(key: ServiceKey, address: string, holder: string, isThere: boolean): Problem {
  const name = serviceNameOf(key);
  const why = isThere ? `${holder} has` : `is kept for ${holder}, which went less than vip.release ago`;
  const advice = isThere ? 'ask for a free one' : 'ask for a free one, or shorten vip.release';
  return {
    code: 'vip-taken',
    subject: `service ${name}`,
    message: `service ${name}: asks for the virtual IP ${address}, which ${why}; it has another one from the pool; ${advice}`,
  };
}

function unfit(key: ServiceKey, pin: string, pool: VipPool): Problem {
  const name = serviceNameOf(key);
  return {
    code: 'vip-unfit',
    subject: `service ${name}`,
    message: `service ${name}: requests the virtual IP ${JSON.stringify(pin.slice(0, 60))}, which is not a usable address of vip.pool ${pool.text} (its first two addresses and its last are reserved); it gets another one from the pool; request one in the pool`,
  };
}
