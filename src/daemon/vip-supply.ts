import { poolConflicts } from '../catalog/pool-conflicts.js';
import type { Network } from '../catalog/model.js';
import { addLocalRoute, removeLocalRoute } from '../linux/anyip.js';
import { allowNonlocalBind, forbidNonlocalBind } from '../linux/nonlocal-bind.js';
import { hostRanges } from '../linux/routes.js';
import { removeVipRules, writeVipRules, type Redirect } from '../linux/vip-rules.js';
import { isLoopback } from '../net/ip.js';
import { ConfigFault } from './config-fault.js';
import type { LoadedConfig } from './loaded-config.js';
import { errorMessage } from '../net/error-message.js';
import type { Log } from '../net/log.js';

/** Where virtual IPs come from on this host. */
export type VipSupply =
  /** `led`: listeners may be at any port of a virtual IP, see {@link VipSupplier.lead}. */
  | { readonly pool: string; readonly led: boolean }
  /** There are none, and why; `wanted`: although the configuration wants them. */
  | { readonly why: string; readonly wanted: boolean };

/** What the pool is held against, and what makes it local. */
export interface VipSystem {
  readonly hostRanges: typeof hostRanges;
  readonly addLocalRoute: typeof addLocalRoute;
  readonly removeLocalRoute: typeof removeLocalRoute;
  readonly allowNonlocalBind: () => boolean;
  readonly forbidNonlocalBind: () => void;
  readonly writeVipRules: typeof writeVipRules;
  readonly removeVipRules: typeof removeVipRules;
}

const thisHost: VipSystem = {
  hostRanges,
  addLocalRoute,
  removeLocalRoute,
  allowNonlocalBind: () => allowNonlocalBind(),
  forbidNonlocalBind: () => forbidNonlocalBind(),
  writeVipRules,
  removeVipRules,
};

/** Finds out whether there can be virtual IPs, and makes their addresses local to this host. */
export class VipSupplier {
  readonly #log: Log;
  readonly #system: VipSystem;
  /** Pools whose routes are ours to take away. */
  readonly #added = new Set<string>();
  /** Whether the kernel has been told to bind sockets to IPv6 addresses on no interface. */
  #allowed = false;
  /** Pools that there are rules for. */
  readonly #ruled = new Set<string>();

  constructor(log: Log, system: VipSystem = thisHost) {
    this.#log = log;
    this.#system = system;
  }

  /**
   * A pool that the operator chose and that cannot be used is a fault; without virtual IPs goes on who did not ask for it: an
   * upgrade must not stop DNS.
   * @param inForce the pool that is used already, which is not doubted again
   * @throws ConfigFault
   */
  async supply(
    { config: { vip }, origins, errorAt }: LoadedConfig,
    networks: Iterable<Network>,
    inForce?: string,
  ): Promise<VipSupply> {
    if (!vip) return { why: 'vip is false', wanted: false };
    const { pool } = vip;
    const [conflict] =
      pool === inForce ? [] : poolConflicts(pool, { routes: this.#system.hostRanges(), networks });
    if (conflict !== undefined && origins.get('vip.pool') !== 'default')
      throw new ConfigFault(errorAt(['vip', 'pool'], conflict.replace(/^vip\.pool /, '')));
    if (conflict !== undefined) return this.#none(conflict);
    // Loopback is local as it is, and packets to it never leave the host: tests and demos need no rights.
    if (isLoopback(pool.slice(0, pool.indexOf('/')))) return { pool, led: false };
    try {
      if (pool.includes(':') && this.#system.allowNonlocalBind()) {
        this.#allowed = true;
        this.#log.info('set net.ipv6.ip_nonlocal_bind for virtual IPs');
      }
      await this.#keepRoute(pool);
      if (pool !== inForce) await this.#writeRules(pool, []);
    } catch (error) {
      return this.#none(`${errorMessage(error)}, or set vip to false`);
    }
    return { pool, led: true };
  }

  /**
   * Leads connections to where they are listened for, and puts back the route if somebody took it away.
   * @throws Error with one line
   */
  async lead(pool: string, redirects: readonly Redirect[]): Promise<void> {
    await this.#writeRules(pool, redirects);
    await this.#keepRoute(pool);
  }

  async #writeRules(pool: string, redirects: readonly Redirect[]): Promise<void> {
    this.#ruled.add(pool);
    await this.#system.writeVipRules(pool, redirects);
  }

  async #keepRoute(pool: string): Promise<void> {
    if (!(await this.#system.addLocalRoute(pool)) || this.#added.has(pool)) return;
    this.#added.add(pool);
    this.#log.info(`added the local route ${pool} for virtual IPs`);
  }

  /** Takes the rules and routes away that were added here, but for those of one pool. Never throws. */
  async release(but?: string): Promise<void> {
    const { removeVipRules: removeRules, removeLocalRoute: removeRoute } = this.#system;
    // There is one table a family: the pool that stays has taken it over.
    const isKept = (pool: string) => but !== undefined && but.includes(':') === pool.includes(':');
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
    if (!this.#allowed || but?.includes(':')) return;
    this.#allowed = false;
    await this.#quietly(Promise.resolve().then(() => this.#system.forbidNonlocalBind()));
  }

  async #quietly(work: Promise<void>): Promise<void> {
    await work.catch((error: unknown) => this.#log.warn(errorMessage(error)));
  }

  #none(why: string): VipSupply {
    this.#log.warn(`virtual IPs are off, and names are answered with tasks: ${why}`);
    return { why, wanted: true };
  }
}
