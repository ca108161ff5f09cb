import { errorMessage } from '../../net/error-message.js';
import type { Redirect, VipGuard } from '../../linux/vip-listener-table.js';
import type { StopWatching } from '../../linux/nft-monitor.js';
import type { VipClaim } from '../../linux/vip-claim.js';
import type { Log } from '../../net/log.js';
import type { PlaneHost } from '../plane-host.js';

/** Milliseconds until a watch over the rules that has ended is begun again: twice as many each time, up to the most. */
const [FIRST_REST_MS, LONGEST_REST_MS] = [1000, 60_000];

/**
 * The pool of virtual IPs in the kernel: a route that makes its addresses local, and rules that redirect each port to
 * its listener. Loopback needs neither. Calls must not overlap.
 */
export class HostPool {
  readonly #host: PlaneHost;
  readonly #log: Log;
  readonly #onTampered: () => void;
  #pool: string | undefined;
  /** Pools whose routes we added and must remove. */
  readonly #added = new Set<string>();
  /** Pools with rules. */
  readonly #ruled = new Set<string>();
  /** Pools for which no other daemon may write rules. */
  readonly #claims = new Map<string, VipClaim>();
  /** Ends the watch over the rules of the pool. */
  #stopWatching: StopWatching | undefined;
  #restMs = FIRST_REST_MS;
  #restTimer: NodeJS.Timeout | undefined;
  /** Whether we have the kernel bind IPv6 sockets to addresses on no interface. */
  #allowed = false;

  /** @param onTampered another program has changed the rules: {@link lead} is to be called */
  constructor(host: PlaneHost, log: Log, onTampered: () => void = () => undefined) {
    this.#host = host;
    this.#log = log;
    this.#onTampered = onTampered;
  }

  /** Whether listeners may use any port of a virtual IP, because {@link lead} redirects connections there. */
  get leads(): boolean {
    return this.#pool !== undefined && !this.#host.isLocal(this.#pool);
  }

  /**
   * Takes a pool, and releases the previous one.
   * @param inherits another daemon's route and rules stay active until {@link lead} is called, and are ours from then
   * on
   * @returns whether the pool is new; if so, call {@link lead} for its listeners
   * @throws Error with one line, with what to do; there is then no pool
   */
  async use(pool: string | undefined, inherits = false): Promise<boolean> {
    if (pool === this.#pool) return false;
    this.#pool = undefined;
    try {
      if (pool !== undefined && !this.#host.isLocal(pool)) await this.#take(pool, inherits);
    } catch (error) {
      await this.#release(undefined);
      throw error;
    }
    this.#pool = pool;
    await this.#release(pool);
    this.watch();
    return true;
  }

  /**
   * Has the kernel say when another program changes the rules, if it does not do so already. Where it cannot, they
   * are as they should be after the next {@link lead}. A watch that ends, as nft 1.0.6 may when a table is written
   * while it starts, is begun again by itself.
   */
  watch(): void {
    if (this.#pool === undefined || this.#host.isLocal(this.#pool)) return;
    if (this.#stopWatching) {
      this.#restMs = FIRST_REST_MS;
      return;
    }
    clearTimeout(this.#restTimer);
    this.#stopWatching = this.#host.watchVipRules(this.#pool, this.#onTampered, () => {
      this.#stopWatching = undefined;
      this.#restTimer = setTimeout(() => this.watch(), this.#restMs).unref();
      this.#restMs = Math.min(LONGEST_REST_MS, this.#restMs * 2);
    });
  }

  /** Another daemon has taken over what there is: it stays. */
  leave(): void {
    this.#unwatch();
    for (const claim of this.#claims.values()) claim.release();
    this.#claims.clear();
    if (this.#allowed) this.#host.leaveNonlocalBind();
    this.#allowed = false;
  }

  /**
   * Leads connections to where they are listened for, if the guard lets them in, and puts back the route if another
   * program took it away.
   * @throws Error with one line, with what to do
   */
  async lead(redirects: readonly Redirect[], guard?: VipGuard): Promise<void> {
    if (this.#pool === undefined || this.#host.isLocal(this.#pool)) return;
    const pool = this.#pool;
    await this.#writeRules(pool, redirects, guard);
    await this.#keepRoute(pool);
    // The daemon before us has had it until it ended.
    if (!this.#claims.has(pool)) await this.#claim(pool).catch(() => undefined);
  }

  async #take(pool: string, inherits: boolean): Promise<void> {
    if (pool.includes(':') && this.#host.allowNonlocalBind()) {
      this.#allowed = true;
      this.#log.info('set net.ipv6.ip_nonlocal_bind for virtual IPs');
    }
    if (!inherits) await this.#claim(pool);
    await this.#keepRoute(pool);
    if (!inherits) {
      await this.#writeRules(pool, []);
      return;
    }
    this.#added.add(pool);
    this.#ruled.add(pool);
  }

  async #claim(pool: string): Promise<void> {
    const isSameFamily = (other: string) => other.includes(':') === pool.includes(':');
    const ours = [...this.#claims].find(([other]) => isSameFamily(other));
    if (ours) this.#claims.delete(ours[0]);
    this.#claims.set(pool, ours?.[1] ?? (await this.#host.claimVips(pool)));
  }

  async #writeRules(pool: string, redirects: readonly Redirect[], guard?: VipGuard): Promise<void> {
    this.#ruled.add(pool);
    await this.#host.writeVipRules(pool, redirects, guard);
  }

  async #keepRoute(pool: string): Promise<void> {
    if (!(await this.#host.addLocalRoute(pool)) || this.#added.has(pool)) return;
    this.#added.add(pool);
    this.#log.info(`added the local route ${pool} for virtual IPs`);
  }

  /** Removes the rules and routes added here, except those of one pool. Never throws. */
  async #release(but: string | undefined): Promise<void> {
    const { removeVipRules: removeRules, removeLocalRoute: removeRoute } = this.#host;
    // There is one table per family, and the remaining pool has taken it over.
    const isKept = (pool: string) =>
      but !== undefined && this.#ruled.has(but) && but.includes(':') === pool.includes(':');
    this.#unwatch();
    for (const pool of this.#ruled) {
      if (pool === but) continue;
      this.#ruled.delete(pool);
      if (!isKept(pool)) await this.#quietly(removeRules(pool));
    }
    for (const pool of this.#added) {
      if (pool === but) continue;
      this.#added.delete(pool);
      await this.#quietly(removeRoute(pool));
    }
    for (const [pool, claim] of this.#claims) {
      if (pool === but) continue;
      this.#claims.delete(pool);
      claim.release();
    }
    if (!this.#allowed || but?.includes(':')) return;
    this.#allowed = false;
    await this.#quietly(Promise.resolve().then(() => this.#host.forbidNonlocalBind()));
  }

  #unwatch(): void {
    clearTimeout(this.#restTimer);
    this.#stopWatching?.();
    this.#stopWatching = undefined;
  }

  async #quietly(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => this.#log.warn(errorMessage(error)));
  }
}
