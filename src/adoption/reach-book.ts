import type { Reach } from './rules.js';
import type { ProbeResult } from './reach-probe.js';

const UNKNOWN: Reach = {
  kind: 'unknown',
  why: 'no query and no probe from its network has reached Fairlead yet',
};

/**
 * From which networks and containers our listeners are reached. A container's own probe counts for more than what
 * others on its networks have found: its routes may be others.
 */
export class ReachBook {
  readonly #networks = new Map<string, Reach>();
  readonly #containers = new Map<string, Reach>();

  /**
   * @param networks ids of the container's networks
   * @returns what is known of a container
   */
  of(container: string, networks: readonly string[]): Reach {
    const own = this.#containers.get(container);
    if (own) return own;
    const known = networks.map((id) => this.#networks.get(id)).filter((reach) => reach !== undefined);
    return (
      known.find(({ kind }) => kind === 'reached') ??
      known.find(({ kind }) => kind === 'blocked') ??
      known[0] ??
      UNKNOWN
    );
  }

  /**
   * @param network where the probe's packets came from; absent: not known
   * @returns whether it is news
   */
  noteProbe(container: string | undefined, network: string | undefined, result: ProbeResult): boolean {
    const before = [
      ...(container === undefined ? [] : [this.#containers.get(container)]),
      ...(network === undefined ? [] : [this.#networks.get(network)]),
    ];
    const reach = reachOf(result);
    // What could not be tried says nothing of what was found before.
    if (reach.kind === 'unknown' && before.some((each) => each)) return false;
    if (container !== undefined) this.#containers.set(container, reach);
    if (network !== undefined) this.#networks.set(network, reach);
    return before.some((each) => !isSame(each, reach));
  }

  /** Whether a probe from the container itself has ended. */
  hasOwn(container: string): boolean {
    return this.#containers.has(container);
  }

  isReached(network: string): boolean {
    return this.#networks.get(network)?.kind === 'reached';
  }

  /** It starts again, or is gone. */
  forget(container: string): void {
    this.#containers.delete(container);
  }

  /** Our listeners are others. */
  clear(): void {
    this.#networks.clear();
    this.#containers.clear();
  }
}

function reachOf(result: ProbeResult): Reach {
  switch (result.kind) {
    case 'reached':
      return { kind: 'reached', listener: result.listener };
    case 'blocked':
      return { kind: 'blocked', why: result.why };
    case 'impossible':
      return { kind: 'unknown', why: `whether it reaches Fairlead cannot be tried: ${result.why}` };
  }
}

function isSame(a: Reach | undefined, b: Reach): boolean {
  return (
    a !== undefined &&
    a.kind === b.kind &&
    (a.kind === 'reached' ? a.listener : a.why) === (b.kind === 'reached' ? b.listener : b.why)
  );
}
