import { serviceNameOf, type Problem, type ServiceKey } from './model.js';
import { PinBoard } from './pins.js';
import type { Instant } from '../net/instant.js';
import { hashText } from '../net/hash-text.js';
import { vipPool, type VipPool } from '../net/vip-pool.js';

/** An address and the service that has it. */
export interface VipLease {
  readonly service: ServiceKey;
  readonly vip: string;
  /** When the service disappeared, in milliseconds since the epoch. Undefined while it exists. */
  readonly goneAt?: number;
}

/** A service that needs an address. */
export interface VipWish {
  readonly key: ServiceKey;
  /** The address that the service requests; any text. */
  readonly pin?: string | undefined;
}

export interface LeaseTerms {
  /** CIDR; see {@link vipPool}. */
  readonly pool: string;
  /** How long an address is reserved for a removed service, in milliseconds. */
  readonly release: number;
}

/**
 * Who has which virtual IP. A service keeps its address while it is there, and long after it is gone: another process
 * may have it cached. Which one a service gets follows from its key where it is free, so that hosts that know nothing
 * of each other tend to the same one. A service may ask for one. It gets it where it is free; of several that ask for
 * the same at the same time, the first by key. It takes an address neither from a service that is there nor from one
 * that went less than {@link LeaseTerms.release} ago: that one's clients would end up elsewhere.
 */
export class VipLeases {
  #pool: VipPool | undefined;
  #release = 0;
  readonly #addresses = new Map<ServiceKey, string>();
  readonly #holders = new Map<string, ServiceKey>();
  /** Those of {@link #addresses} whose service is gone, and since when, longest first. */
  readonly #gone = new Map<ServiceKey, Instant>();
  /** Services that are there and found no address. */
  readonly #waiting = new Set<ServiceKey>();
  readonly #pins = new PinBoard();
  #changed = new Set<ServiceKey>();
  #problems: readonly Problem[] = [];

  /** The pool. Undefined if there is none and no service gets an address. */
  get pool(): string | undefined {
    return this.#pool?.text;
  }

  /**
   * Changes the terms and releases addresses outside the new pool. Call {@link change} for every service afterwards.
   */
  configure(terms: LeaseTerms | undefined): void {
    this.#pool = terms && vipPool(terms.pool);
    this.#release = terms?.release ?? 0;
    const pool = this.#pool;
    // Without a pool, keep the leases in case a pool is configured again.
    if (!pool) return;
    for (const [key, vip] of this.#addresses) if (!pool.holds(vip)) this.#drop(key);
  }

  /** Takes up what an earlier process leased; services that do not come back count as gone from now on. */
  restore(saved: readonly VipLease[], { at, now }: Instant): void {
    const since = ({ goneAt }: VipLease) => Math.min(goneAt ?? at, at);
    for (const lease of saved.toSorted((a, b) => since(a) - since(b))) {
      const isFree = !this.#addresses.has(lease.service) && !this.#holders.has(lease.vip);
      if (!isFree || (this.#pool && !this.#pool.holds(lease.vip))) continue;
      this.#put(lease.service, lease.vip);
      this.#gone.set(lease.service, { at: since(lease), now: now - (at - since(lease)) });
    }
  }

  export(): VipLease[] {
    return [...this.#addresses].map(([service, vip]) => {
      const goneAt = this.#gone.get(service)?.at;
      return { service, vip, ...(goneAt !== undefined && { goneAt }) };
    });
  }

  /** The address of an existing service. */
  vipOf(key: ServiceKey): string | undefined {
    return this.#pool && !this.#gone.has(key) ? this.#addresses.get(key) : undefined;
  }

  /** Requests that could not be met. Returns the same list until something changes. */
  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /**
   * Gives addresses to services that came or that ask for others, and notes those that went.
   * @returns services whose address is another now, whether they are in the lists or not
   */
  change(wishes: readonly VipWish[], gone: readonly ServiceKey[], now: Instant): ReadonlySet<ServiceKey> {
    this.#changed = new Set();
    const disputed = this.#expire(now);
    for (const key of gone) this.#leave(key, now, disputed);
    const pool = this.#pool;
    if (!pool) return this.#changed;
    for (const { key, pin } of wishes) {
      const vip = this.#addresses.get(key);
      if (vip === undefined) this.#waiting.add(key);
      // What is said to those that ask for its address is another now.
      else if (this.#gone.delete(key)) disputed.add(vip);
      for (const address of this.#pins.set(key, pin, pool)) disputed.add(address);
    }
    this.#settleAll(disputed);
    for (const key of [...this.#waiting].sort()) if (!this.#assign(key, pool)) break;
    this.#tell(pool);
    return this.#changed;
  }

  #leave(key: ServiceKey, now: Instant, disputed: Set<string>): void {
    this.#waiting.delete(key);
    for (const address of this.#pins.set(key, undefined, this.#pool)) disputed.add(address);
    const vip = this.#addresses.get(key);
    if (vip === undefined || this.#gone.has(key)) return;
    this.#gone.set(key, now);
    disputed.add(vip);
  }

  /** @returns the addresses that are free now */
  #expire({ now }: Instant): Set<string> {
    const freed = new Set<string>();
    for (const [key, since] of this.#gone) {
      if (now - since.now < this.#release || !this.#pool) break;
      const vip = this.#drop(key);
      if (vip !== undefined) freed.add(vip);
    }
    return freed;
  }

  #settleAll(disputed: Set<string>): void {
    // A settled pin gives back another address, which is then looked at again.
    for (const address of disputed) {
      disputed.delete(address);
      this.#settle(address, disputed);
    }
  }

  /** Gives an address that is free to the first that asks for it, and tells those that do not get it why. */
  #settle(address: string, disputed: Set<string>): void {
    const [first] = this.#pins.askersOf(address);
    if (first === undefined) return;
    const holder = this.#holders.get(address) ?? first;
    if (!this.#holders.has(address)) {
      const former = this.#drop(first);
      if (former !== undefined) disputed.add(former);
      this.#put(first, address);
      this.#waiting.delete(first);
    }
    this.#pins.settle(address, holder, !this.#gone.has(holder));
  }

  /** @returns false if no address is left */
  #assign(key: ServiceKey, pool: VipPool): boolean {
    while (this.#holders.size >= pool.size) if (!this.#reclaim()) return false;
    // It asked for the address that was taken back just now.
    if (!this.#waiting.has(key)) return true;
    let index = hashText(key) % pool.size;
    while (this.#holders.has(pool.at(index))) index = (index + 1) % pool.size;
    this.#put(key, pool.at(index));
    this.#waiting.delete(key);
    return true;
  }

  /**
   * Takes back the address of the service that has been gone longest; one that asks for that address has it then.
   * @returns false when none is gone
   */
  #reclaim(): boolean {
    const [longest] = this.#gone.keys();
    const vip = longest === undefined ? undefined : this.#drop(longest);
    if (vip === undefined) return false;
    this.#settleAll(new Set([vip]));
    return true;
  }

  #put(key: ServiceKey, vip: string): void {
    this.#addresses.set(key, vip);
    this.#holders.set(vip, key);
    this.#changed.add(key);
  }

  #drop(key: ServiceKey): string | undefined {
    const vip = this.#addresses.get(key);
    if (vip === undefined) return undefined;
    this.#addresses.delete(key);
    this.#holders.delete(vip);
    this.#gone.delete(key);
    this.#changed.add(key);
    return vip;
  }

  #tell(pool: VipPool): void {
    const problems = [...this.#pins.problems];
    const [first] = this.#waiting;
    if (first !== undefined) problems.unshift(exhausted(pool, first, this.#waiting.size));
    const isSame =
      problems.length === this.#problems.length &&
      problems.every(({ message }, at) => message === this.#problems[at]?.message);
    if (!isSame) this.#problems = problems;
  }
}

function exhausted(pool: VipPool, first: ServiceKey, count: number): Problem {
  const size = pool.size === 1 ? 'its one address is' : `all ${pool.size} addresses are`;
  const who = count === 1 ? serviceNameOf(first) : `${serviceNameOf(first)} and ${count - 1} more`;
  return {
    code: 'vip-pool-exhausted',
    subject: `vip.pool ${pool.text}`,
    message: `vip.pool ${pool.text}: ${size} leased, so these services have no virtual IP and are answered with their tasks: ${who}; enlarge vip.pool, or shorten vip.release`,
  };
}
