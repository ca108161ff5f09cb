import { hashText } from '../../net/hash-text.js';
import { MAGLEV_SLOTS, maglevTable, type MaglevEntry } from './maglev-table.js';
import type { Destination, Flow, Scheduler } from './scheduler.js';
import { sourceText } from './source-text.js';
import { pickSlot } from './slot-pick.js';

/**
 * Maglev hashing (IPVS `mh`, with `mh-fallback`): a client's address decides, with `mh-port` its port, too; by a table that follows from addresses, ports
 * and weights of the destinations alone, so hosts that see the same ones agree without telling each other. A quiesced
 * destination has no slot. Weights count as they are at an update.
 */
export class MaglevHashing implements Scheduler {
  readonly #seed: number;
  readonly #withPort: boolean;
  #owners: readonly Destination[] = [];
  #entries: readonly MaglevEntry[] = [];
  /** Made at the first pick that needs it: services that nobody calls cost nothing. */
  #table: Uint16Array | undefined;

  /** @param seed keys the hashes; 32 bits; the same on all hosts that are to agree */
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
