import type { Reach } from './rules.js';
import type { ProbeResult } from './reach-probe.js';

const UNKNOWN: Reach = {
  kind: 'unknown',
  why: 'no query and no probe from its network has reached Fairlead yet',
};

/**
 * The networks and containers from which our listeners can be reached. A container's own probe takes precedence over
 * results from others on its networks, because its routes may differ.
 */
export class ReachBook {
  readonly #networks = new Map<string, Reach>();
  readonly #containers = new Map<string, Reach>();

  /**
   * @param networks ids of the container's networks
   * @returns what is known about a container
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
   * @param network where the probe's packets came from; undefined if unknown
   * @returns whether the result is new
   */
  noteProbe(container: string | undefined, network: string | undefined, result: ProbeResult): boolean {
    const before = [
      ...(container === undefined ? [] : [this.#containers.get(container)]),
      ...(network === undefined ? [] : [this.#networks.get(network)]),
    ];
    const reach = reachOf(result);
    // An impossible probe does not invalidate earlier results.
    if (reach.kind === 'unknown' && before.some((each) => each)) return false;
    if (container !== undefined) this.#containers.set(container, reach);
    if (network !== undefined) this.#networks.set(network, reach);
    return before.some((each) => !isSame(each, reach));
  }

  /** Whether a probe from the container itself has finished. */
  hasOwn(container: string): boolean {
    return this.#containers.has(container);
  }

  isReached(network: string): boolean {
    return this.#networks.get(network)?.kind === 'reached';
  }

  /** Forgets a container that restarts or was removed. */
  forget(container: string): void {
    this.#containers.delete(container);
  }

  /** Forgets everything, because our listeners changed. */
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
      return { kind: 'unknown', why: `Fairlead cannot test whether the container reaches it: ${result.why}` };
  }
}

function isSame(a: Reach | undefined, b: Reach): boolean {
  return (
    a !== undefined &&
    a.kind === b.kind &&
    (a.kind === 'reached' ? a.listener : a.why) === (b.kind === 'reached' ? b.listener : b.why)
  );
}
