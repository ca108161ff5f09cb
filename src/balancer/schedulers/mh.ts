import { hashText } from '../../net/hash-text.js';
import { MAGLEV_SLOTS, maglevTable, type MaglevEntry } from './maglev-table.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';
import { sourceText } from './source-text.js';
import { pickSlot } from './slot-pick.js';

/**
 * Maglev hashing (IPVS `mh`, with `mh-fallback`). The client's address, with `mh-port` also its port, determines the
 * destination. The table depends only on the destinations' addresses, ports and weights, so hosts with the same
 * destinations agree without communicating. A quiesced destination has no slot. Weights take effect at each update.
 */
export class MaglevHashing implements Scheduler {
  readonly #seed: number;
  readonly #withPort: boolean;
  #owners: readonly Destination[] = [];
  #entries: readonly MaglevEntry[] = [];
  /** Built at the first pick that needs it, so that unused services cost nothing. */
  #table: Uint16Array | undefined;

  /** @param seed keys the hashes; 32 bits; the same on all hosts that should agree */
  constructor(seed: number, { withPort = false } = {}) {
    this.#seed = seed;
    this.#withPort = withPort;
  }

  update(destinations: readonly Destination[]): void {
    const placed = destinations
      .filter(({ weight }) => weight > 0)
      .map((destination) => ({ name: `${destination.address}:${destination.port}`, destination }))
      .sort((a, b) => compare(a.name, b.name) || compare(a.destination.id, b.destination.id));
    const entries = placed.map(({ name, destination }) => ({ name, weight: destination.weight }));
    if (!isSame(entries, this.#entries)) this.#table = undefined;
    this.#entries = entries;
    this.#owners = placed.map(({ destination }) => destination);
  }

  pick(flow: Flow, exclude?: ReadonlySet<string>): Destination | undefined {
    this.#table ??= maglevTable(this.#entries, this.#seed);
    return pickSlot(
      this.#table,
      this.#owners,
      hashText(sourceText(flow, this.#withPort), this.#seed) % MAGLEV_SLOTS,
      exclude,
    );
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function isSame(entries: readonly MaglevEntry[], others: readonly MaglevEntry[]): boolean {
  return (
    entries.length === others.length &&
    entries.every(({ name, weight }, at) => name === others[at]?.name && weight === others[at].weight)
  );
}
