import { isDeepStrictEqual } from 'node:util';
import { vipTable } from '../../linux/vip-listener-table.js';
import { errorMessage } from '../../net/error-message.js';
import type { Log } from '../../net/log.js';
import type { ClientNetworks } from '../plane.js';
import { Carriages, type KernelTerms } from './carriage.js';
import type { KernelHost } from './kernel-host.js';
import type { Ways } from './ways.js';

export interface KernelConditionsOptions {
  readonly kernel: KernelHost;
  /** Whether it is worth a warning that the kernel cannot do it. */
  readonly isChosen: boolean;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Decides what is carried. */
  readonly carriages?: typeof Carriages;
  /** What is known of ways between bridges; absent: none is used. */
  readonly ways?: () => Ways;
}

const NO_POOL = 'there is no pool';
const NO_CLIENTS: ClientNetworks = { networks: [], addresses: [], host: [], external: [] };

/** What this host lets the kernel carry, and what was set on the host for that. */
export class KernelConditions {
  readonly #options: KernelConditionsOptions;
  #why: string | undefined = NO_POOL;
  #toldWhy: string | undefined;
  #terms: KernelTerms = { bridgesFiltered: false };
  #admitted = NO_CLIENTS;
  #carriages: Carriages | undefined;
  /** Has the kernel send redirects again. */
  #undo: ReturnType<KernelHost['silenceRedirects']>;

  constructor(options: KernelConditionsOptions) {
    this.#options = options;
  }

  /** Why the kernel carries nothing; undefined: it does. */
  get why(): string | undefined {
    return this.#why;
  }

  /** undefined: the kernel carries nothing. */
  get carriages(): Carriages | undefined {
    return this.#why === undefined ? this.#carriages : undefined;
  }

  /** Notes clients, and settings of the host. */
  admit(pool: string | undefined, clients: ClientNetworks): void {
    this.#admitted = clients;
    if (pool !== undefined) this.#look(pool, this.#terms.noUdp);
  }

  /** Notes what is known of ways now. */
  lookAtWays(pool: string): void {
    this.#look(pool, this.#terms.noUdp);
  }

  /** Finds out what the kernel can do, which may be something else than the last time. */
  async check(pool: string): Promise<void> {
    const { tryKernelRules, conntrackFault } = this.#options.kernel;
    const why = await tryKernelRules(pool);
    if (why !== undefined) this.refuse(`this kernel cannot lead connections to tasks (${why})`);
    else this.#why = undefined;
    const noUdp = await conntrackFault();
    this.#look(
      pool,
      noUdp === undefined ? undefined : `flows to a task that is gone could not be ended (${noUdp})`,
    );
  }

  /** The kernel carries nothing until the next {@link check}. @param why completes "because" */
  refuse(why: string): void {
    const { isChosen, log } = this.#options;
    this.#why = why;
    if (this.#toldWhy === why) return;
    this.#toldWhy = why;
    const line = `the proxy carries virtual IPs, because ${why}`;
    if (isChosen) log.warn(line);
    else log.info(line);
  }

  /** Undoes what was set. @param why the kernel carries nothing from now on */
  end(why = NO_POOL): void {
    [this.#why, this.#carriages] = [why, undefined];
    const undo = this.#undo;
    this.#undo = undefined;
    try {
      undo?.();
    } catch (error) {
      this.#options.log.warn(errorMessage(error));
    }
  }

  /** Leaves what was set: the kernel still leads connections. */
  leave(): void {
    this.#undo?.(true);
    this.#undo = undefined;
  }

  #look(pool: string, noUdp: string | undefined): void {
    const { kernel, log, ways } = this.#options;
    const { family } = vipTable(pool);
    const bridgesFiltered = kernel.areBridgesFiltered(family);
    const unbridged = kernel.isForwarding(family)
      ? this.#silence(family, bridgesFiltered)
      : `the host does not forward packets; set net.${family === 'ip' ? 'ipv4.ip_forward' : 'ipv6.conf.all.forwarding'} to 1`;
    const terms: KernelTerms = {
      bridgesFiltered,
      ...(unbridged !== undefined && { unbridged }),
      ...(noUdp !== undefined && { noUdp }),
      ...(ways && { ways: ways() }),
    };
    if (this.#carriages?.admitted === this.#admitted && isDeepStrictEqual(terms, this.#terms)) return;
    if (unbridged !== undefined && unbridged !== this.#terms.unbridged)
      log.warn(`the proxy carries connections within a bridge, because ${unbridged}`);
    this.#terms = terms;
    const { carriages: Decider = Carriages } = this.#options;
    this.#carriages = new Decider(this.#admitted, terms, family);
  }

  /** @returns why the kernel goes on to send redirects */
  #silence(family: 'ip' | 'ip6', bridgesFiltered: boolean): string | undefined {
    // A frame that stays on its bridge is not forwarded. For IPv6 there is no such setting.
    if (family === 'ip6' || bridgesFiltered) return undefined;
    const bridges = this.#admitted.networks
      .map(({ bridge }) => bridge)
      .filter((bridge) => bridge !== undefined);
    try {
      const undo = bridges.length > 0 ? this.#options.kernel.silenceRedirects(bridges) : undefined;
      // Behind that, so that what is still needed does not change in between.
      this.#undo?.();
      this.#undo = undo;
      return undefined;
    } catch (error) {
      return `it cannot be kept from sending redirects (${errorMessage(error)}); set net.ipv4.conf.*.send_redirects to 0`;
    }
  }
}
