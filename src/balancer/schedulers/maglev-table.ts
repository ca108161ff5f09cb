import { hashText } from '../../net/hash-text.js';

/**
 * A prime, which the permutations need. It gives up to 655 destinations at least a hundred slots each. Envoy and katran
 * use the same size.
 */
export const MAGLEV_SLOTS = 65537;
const EMPTY = 0xffff;
/** Indexes must fit into 16 bits together with the mark of an empty slot. */
const MAX_ENTRIES = EMPTY - 1;

/** One destination of a Maglev table. */
export interface MaglevEntry {
  /** The same on every host: `ip:port`. */
  readonly name: string;
  /** Greater than 0. */
  readonly weight: number;
}

/**
 * The lookup table of Maglev (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", section
 * 3.4). Each entry visits the slots in an order of its own and, on its turn, takes the next free one. Weights work as
 * in katran (MaglevHashV2): an entry saves up its weight in each round, and gets a turn when it has as much as the
 * heaviest entry.
 * @param entries in an order that all hosts share; at most 65,534 of them count
 * @param slots a prime
 * @returns slot to index of the entry; without entries, no index at all
 */
export function maglevTable(
  entries: readonly MaglevEntry[],
  seed: number,
  slots = MAGLEV_SLOTS,
): Uint16Array {
  const table = new Uint16Array(slots).fill(EMPTY);
  const walkers = entries.slice(0, MAX_ENTRIES).map(({ name, weight }) => ({
    weight,
    saved: 0,
    slot: hashText(name, seed ^ 0x5bd1e995) % slots,
    skip: (hashText(name, seed ^ 0x1b873593) % (slots - 1)) + 1,
  }));
  const heaviest = walkers.reduce((most, { weight }) => Math.max(most, weight), 0);
  let free = walkers.length === 0 ? 0 : slots;
  while (free > 0) {
    for (let at = 0; at < walkers.length && free > 0; at++) {
      const walker = walkers[at];
      if (walker === undefined) continue;
      walker.saved += walker.weight;
      if (walker.saved < heaviest) continue;
      walker.saved -= heaviest;
      walker.slot = take(table, walker.slot, walker.skip, at);
      free -= 1;
    }
  }
  return table;
}

/** Marks the entry's first empty slot in its order. @returns that slot */
function take(table: Uint16Array, from: number, skip: number, entry: number): number {
  let slot = from;
  while (table[slot] !== EMPTY) {
    slot += skip;
    if (slot >= table.length) slot -= table.length;
  }
  table[slot] = entry;
  return slot;
}
