import type { Destination } from './scheduler.js';
import { pickSlot } from './slot-pick.js';
import { slotTargets } from './slot-targets.js';

const MIN_BITS = 12;
const MAX_BITS = 16;
/** At least this many slots a destination, so that shares are even within 1/64. */
const SLOTS_EACH = 64;
const NOBODY = -1;

/**
 * Hash to destination by a table of slots that remembers: a change of destinations moves only the slots that it must. When
 * one leaves, only its slots are dealt, each to the owner of the next slot, who has served it already if the leaver was
 * quiesced before, as far as shares stay even. When one joins it takes evenly from all. Weights count as they are at an update.
 *
 * IPVS deals its 256 buckets again at every change, and nearly every key moves. What is paid for it: the table depends on
 * what was before, so two hosts agree by chance only (`mh` is for those).
 */
export class SlotTable {
  #destinations: readonly Destination[] = [];
  /** By id, as of the last update; 0: quiesced. */
  #weights: ReadonlyMap<string, number> = new Map();
  #bits = MIN_BITS;
  /** Slot to index in the destinations. */
  #owners = new Int32Array(1 << MIN_BITS).fill(NOBODY);

  update(destinations: readonly Destination[]): void {
    this.#renumber(destinations);
    while (this.#owners.length < SLOTS_EACH * destinations.length && this.#bits < MAX_BITS) this.#double();

    const has = new Int32Array(destinations.length);
    for (const owner of this.#owners) if (owner !== NOBODY) has[owner] = (has[owner] ?? 0) + 1;
    const weights = destinations.map(({ weight }) => (weight > 0 ? weight : 0));
    const targets = slotTargets(
      this.#owners.length,
      destinations.map(({ id }, at) => {
        const weight = weights[at] ?? 0;
        return { weight, has: has[at] ?? 0, asks: weight > 0 && weight !== this.#weights.get(id) };
      }),
    );
    this.#weights = new Map(destinations.map(({ id }, at) => [id, weights[at] ?? 0]));
    const wants = targets.map((target, at) => target - (has[at] ?? 0));
    this.#inherit(wants, weights);
    this.#deal(wants);
  }

  /** @param hash unsigned 32 bits */
  pick(hash: number, exclude: ReadonlySet<string> | undefined): Destination | undefined {
    return pickSlot(this.#owners, this.#destinations, hash >>> (32 - this.#bits), exclude);
  }

  #renumber(destinations: readonly Destination[]): void {
    const places = new Map(destinations.map(({ id }, place) => [id, place]));
    const moved = this.#destinations.map(({ id }) => places.get(id) ?? NOBODY);
    this.#owners = this.#owners.map((owner) => moved[owner] ?? NOBODY);
    this.#destinations = [...destinations];
  }

  /** Slots are the first bits of the hash, so each becomes two with the same owner and no key moves. */
  #double(): void {
    this.#bits += 1;
    const halves = this.#owners;
    this.#owners = new Int32Array(halves.length * 2).map((_, slot) => halves[slot >>> 1] ?? NOBODY);
  }

  /** Gives slots that no task has to the owner of the next slot, where that one wants some. */
  #inherit(wants: number[], weights: readonly number[]): void {
    const owners = this.#owners;
    let heir = owners.find((owner) => (weights[owner] ?? 0) > 0);
    if (heir === undefined) return;
    for (let slot = owners.length - 1; slot >= 0; slot--) {
      const owner = owners[slot] ?? NOBODY;
      if ((weights[owner] ?? 0) > 0) heir = owner;
      const wanted = wants[heir] ?? 0;
      if (owner !== NOBODY || wanted <= 0) continue;
      owners[slot] = heir;
      wants[heir] = wanted - 1;
    }
  }

  /** Gives slots that no task has, or whose owner has too many, to those that want some, scattered over the table. */
  #deal(wants: number[]): void {
    const owners = this.#owners;
    let taker = wants.findIndex((wanted) => wanted > 0);
    for (let turn = 0; turn < owners.length && taker !== -1; turn++) {
      const slot = scatter(turn, this.#bits);
      const owner = owners[slot] ?? NOBODY;
      const surplus = wants[owner] ?? -1;
      if (surplus >= 0) continue;
      if (owner !== NOBODY) wants[owner] = surplus + 1;
      owners[slot] = taker;
      const left = (wants[taker] ?? 0) - 1;
      wants[taker] = left;
      if (left === 0) taker = wants.findIndex((wanted) => wanted > 0);
    }
  }
}

/** A fixed permutation of the numbers of so many bits: each step can be undone, so no two numbers meet. */
function scatter(number: number, bits: number): number {
  const mask = (1 << bits) - 1;
  const shift = bits >>> 1;
  let mixed = Math.imul(number, 0x9e3779b1) & mask;
  mixed ^= mixed >>> shift;
  mixed = Math.imul(mixed, 0x85ebca6b) & mask;
  return mixed ^ (mixed >>> shift);
}
