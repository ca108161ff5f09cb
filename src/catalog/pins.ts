import { canonicalIp } from '../net/ip.js';
import { serviceNameOf, type Problem, type ServiceKey } from './model.js';
import type { VipPool } from '../net/vip-pool.js';

/** Which services ask for which address, and what is to be said to those that do not get it. */
export class PinBoard {
  readonly #asked = new Map<ServiceKey, string>();
  /** Sorted. */
  readonly #askers = new Map<string, readonly ServiceKey[]>();
  readonly #problems = new Map<ServiceKey, Problem>();

  /**
   * @param pin what a service asks for from now on; undefined: nothing
   * @returns the addresses that others ask for than before
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

  /** Those who ask for an address, the first by key in front. */
  askersOf(address: string): readonly ServiceKey[] {
    return this.#askers.get(address) ?? [];
  }

  /**
   * Tells those that ask for an address that another service has it.
   * @param holder has it, and is told nothing
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
    message: `service ${name}: asks for the virtual IP ${JSON.stringify(pin.slice(0, 60))}, which is none that vip.pool ${pool.text} has to give (its first two addresses and its last are not given); it has one from the pool; ask for one in it`,
  };
}
