import type { PlaneHost } from '../../../src/balancer/plane-host.js';
import type { Redirect } from '../../../src/linux/vip-listener-table.js';

/** A kernel that takes down what is done to it, and refuses what it is told to. */
export class FakeHost implements PlaneHost {
  /** `route POOL`, `no route POOL`, `rules POOL`, `no rules POOL`, `bind`, `no bind`. */
  done: string[] = [];
  /** `watch`, `no watch`, `claim POOL`, `no claim POOL`. */
  kept: string[] = [];
  /** Another daemon has virtual IPs. */
  isClaimed = false;
  /** As written last. */
  redirects: readonly Redirect[] = [];
  /** What fails. */
  refuses: string | undefined;
  /** What `tryVipRules` says. */
  rulesFault: string | undefined;
  /** The operator has set a route, or allowed the binding. */
  hasRoute = false;
  isAllowed = false;

  readonly isLocal = (pool: string): boolean => pool.startsWith('127.');
  readonly addLocalRoute = (pool: string): Promise<boolean> =>
    this.hasRoute ? Promise.resolve(false) : this.#act(`route ${pool}`).then(() => true);
  readonly removeLocalRoute = (pool: string): Promise<void> => this.#act(`no route ${pool}`);
  readonly writeVipRules = async (pool: string, redirects: readonly Redirect[]): Promise<void> => {
    await this.#act(`rules ${pool}`);
    this.redirects = redirects;
  };
  readonly removeVipRules = (pool: string): Promise<void> => this.#act(`no rules ${pool}`);
  readonly tryVipRules = (): Promise<string | undefined> => Promise.resolve(this.rulesFault);
  readonly nonlocalBindFault = (): string | undefined =>
    this.refuses === 'bind' ? 'bind: no right' : undefined;
  readonly allowNonlocalBind = (): boolean => {
    if (this.refuses === 'bind') throw new Error('bind: no right');
    if (!this.isAllowed) this.done.push('bind');
    return !this.isAllowed;
  };
  /** How another program changes the rules; undefined: they are not watched. */
  tamper: (() => void) | undefined;
  /** How the watch over the rules ends by itself. */
  endWatch: (() => void) | undefined;
  readonly watchVipRules = (_pool: string, onTampered: () => void, onEnd: () => void): (() => void) => {
    this.kept.push('watch');
    this.tamper = onTampered;
    this.endWatch = onEnd;
    return () => {
      this.kept.push('no watch');
      this.tamper = undefined;
    };
  };
  readonly claimVips = async (pool: string): Promise<{ release(): void }> => {
    await Promise.resolve();
    if (this.isClaimed) throw new Error('another Fairlead leads virtual IPs on this host');
    this.kept.push(`claim ${pool}`);
    return { release: () => void this.kept.push(`no claim ${pool}`) };
  };
  readonly removeLeftVips = (): Promise<boolean> => Promise.resolve(false);
  readonly restoreLeft = (): Promise<readonly string[]> => Promise.resolve([]);
  readonly forbidNonlocalBind = (): void => void this.done.push('no bind');
  readonly leaveNonlocalBind = (): void => void this.kept.push('leave bind');

  #act(what: string): Promise<void> {
    if (what === this.refuses) return Promise.reject(new Error(`${what}: no right`));
    this.done.push(what);
    return Promise.resolve();
  }
}
