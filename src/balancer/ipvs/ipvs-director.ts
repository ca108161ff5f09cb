import { changesOfIpvs, type IpvsTable } from '../../linux/ipvs-table.js';
import { parseCidr, parseHostPort } from '../../net/ip.js';
import { errorMessage } from '../../net/error-message.js';
import type { Log } from '../../net/log.js';
import type { VirtualService } from '../plane.js';
import { TCP_TIMEOUTS } from '../proxy/tcp/tcp-settings.js';
import type { IpvsHost } from './ipvs-host.js';
import { ipvsName, ipvsTableOf } from './ipvs-services.js';
import { LeavingDestinations } from './leaving-destinations.js';

/** How often destinations that leave are looked at. */
const LOOK_MS = 1000;

export interface IpvsDirectorOptions {
  readonly ipvs: IpvsHost;
  readonly log: Pick<Log, 'warn'>;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * Keeps the virtual services of a pool in IPVS. It reads what the kernel has at first, after any error and when it is
 * told to {@link forget}, and writes nothing but differences. Calls must not overlap.
 */
export class IpvsDirector {
  readonly #options: IpvsDirectorOptions;
  readonly #leaving = new LeavingDestinations();
  #pool: string | undefined;
  /** What the kernel has for the pool; undefined: that is not known. */
  #present: IpvsTable | undefined;
  #wanted: IpvsTable = new Map();
  /** How long connections may continue once a destination leaves, in ms, by service. Infinity: no limit. */
  #drains = new Map<string, number>();
  readonly #undo: ((isLeft?: boolean) => void | Promise<void>)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #busy: Promise<unknown> = Promise.resolve();
  /** The director that owns the table. When the plane changes back, an earlier one must not remove what is there. */
  static #keeper: IpvsDirector | undefined;

  constructor(options: IpvsDirectorOptions) {
    this.#options = options;
  }

  /** @throws Error with one line, with what to do */
  write(pool: string, services: readonly VirtualService[]): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#pool !== pool) {
        await this.#end();
        await this.#begin(pool);
      }
      // Of a service that is gone, the time that its tasks had is still known.
      for (const service of services) this.#drains.set(ipvsName(service), drainTime(service));
      this.#wanted = ipvsTableOf(services);
      await this.#reconcile();
    });
  }

  /** The kernel may have something else. */
  forget(): void {
    this.#present = undefined;
  }

  /** Removes all services of the pool, and restores what was set. Never rejects. */
  end(): Promise<void> {
    return this.#enqueue(() => this.#end());
  }

  /** Leaves everything as it is. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#pool = undefined;
    for (const undo of this.#undo.splice(0)) void undo(true);
    if (IpvsDirector.#keeper === this) IpvsDirector.#keeper = undefined;
  }

  async #begin(pool: string): Promise<void> {
    const { ipvs } = this.#options;
    const former = IpvsDirector.#keeper;
    IpvsDirector.#keeper = this;
    if (former && former !== this) this.#undo.push(...former.#undo.splice(0));
    // The first call loads the module, which brings the settings.
    const releaseTimeouts = await ipvs.holdIpvsTimeouts();
    try {
      this.#undo.push(ipvs.setIpvsSettings());
    } catch (error) {
      await releaseTimeouts();
      throw error;
    }
    this.#undo.push(releaseTimeouts);
    this.#pool = pool;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pool === undefined) return;
    this.#leaving.clear();
    this.#drains.clear();
    this.#wanted = new Map();
    const removal = async (): Promise<void> => {
      await this.#options.ipvs.changeIpvs(changesOfIpvs(await this.#read(), new Map()));
    };
    const isKeeper = IpvsDirector.#keeper === this;
    if (isKeeper) IpvsDirector.#keeper = undefined;
    for (const undo of isKeeper ? [removal, ...this.#undo.splice(0).reverse()] : [])
      try {
        await undo();
      } catch (error) {
        this.#options.log.warn(errorMessage(error));
      }
    [this.#pool, this.#present] = [undefined, undefined];
  }

  async #reconcile(): Promise<void> {
    const known = this.#present;
    this.#present = undefined;
    try {
      await this.#change(known ?? (await this.#read()));
    } catch (error) {
      if (!known) throw error;
      // Another program has changed something since.
      await this.#change(await this.#read());
    }
    this.#watch();
  }

  async #change(present: IpvsTable): Promise<void> {
    const now = this.#options.now();
    const until = (at: string): number => now + (this.#drains.get(at) ?? TCP_TIMEOUTS.drain);
    const joined = this.#leaving.join(present, this.#wanted, until);
    await this.#options.ipvs.changeIpvs(changesOfIpvs(present, joined));
    this.#present = joined;
    this.#leaving.settle();
    for (const at of this.#drains.keys()) if (!joined.has(at)) this.#drains.delete(at);
  }

  #watch(): void {
    if (this.#leaving.size === 0 || this.#timer !== undefined) return;
    const look = (): void => {
      this.#timer = undefined;
      void this.#enqueue(() => this.#look()).catch((error: unknown) =>
        this.#options.log.warn(errorMessage(error)),
      );
    };
    this.#timer = setTimeout(look, LOOK_MS).unref();
  }

  async #look(): Promise<void> {
    if (this.#pool === undefined) return;
    if (this.#leaving.expire(await this.#options.ipvs.readIpvsLoads(), this.#options.now()))
      await this.#reconcile();
    this.#watch();
  }

  /** The services of the pool. Those of other programs are left alone. */
  async #read(): Promise<IpvsTable> {
    const range = parseCidr(this.#pool ?? '');
    const isOurs = (at: string): boolean => {
      const address = parseHostPort(at.slice(3), 0);
      return address !== undefined && range?.contains(address.ip) === true;
    };
    const table = await this.#options.ipvs.readIpvs();
    return new Map([...table].filter(([at]) => !at.startsWith('-f') && isOurs(at)));
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#busy.then(work);
    this.#busy = done.catch(() => undefined);
    return done;
  }
}

/** The longest of any of its tasks; 0 is without limit. */
function drainTime({ timeouts, backends }: VirtualService): number {
  const own = timeouts?.drain ?? TCP_TIMEOUTS.drain;
  return own === 0 ? Infinity : Math.max(own, ...backends.map(({ drain = 0 }) => drain));
}
