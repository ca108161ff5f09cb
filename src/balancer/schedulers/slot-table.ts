import type { Destination } from './scheduler.js';
import { pickSlot } from './slot-pick.js';
import { slotTargets } from './slot-targets.js';

const MIN_BITS = 12;
const MAX_BITS = 16;
/** The minimum of slots per destination, so that shares are accurate within 1/64. */
const SLOTS_EACH = 64;
const NOBODY = -1;

/**
 * Maps hashes to destinations by a table of slots with memory: a change of destinations moves as few slots as possible.
 * When a destination leaves, only its slots are redistributed. Each goes to the owner of the next slot, as far as
 * shares stay even, because that owner already served it if the leaving destination was quiesced before. A new
 * destination takes slots evenly from all others. Weights take effect at each update.
 *
 * IPVS redistributes its 256 buckets at every change, which moves nearly every key. The price of memory: the table
 * depends on earlier states, so two hosts agree only by chance (`mh` solves that).
 */
export class SlotTable {
  #destinations: readonly Destination[] = [];
  /** By id, as of the last update; 0: quiesced. */
  #weights: ReadonlyMap<string, number> = new Map();
  #bits = MIN_BITS;
  /** Maps slots to indexes of destinations. */
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

  /** Slots are the first bits of the hash. Doubling splits each slot into two with the same owner, so no key moves. */
  #double(): void {
    this.#bits += 1;
    const halves = this.#owners;
    this.#owners = new Int32Array(halves.length * 2).map((_, slot) => halves[slot >>> 1] ?? NOBODY);
  }

  /** Gives each slot without a task to the owner of the next slot, if that one wants more. */
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

  /**
   * Gives slots without a task, or of an owner with too many, to destinations that want more, scattered over the table.
   */
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

/** A fixed permutation of the numbers of this many bits. Each step is invertible, so no two numbers collide. */
function scatter(number: number, bits: number): number {
  const mask = (1 << bits) - 1;
  const shift = bits >>> 1;
  let mixed = Math.imul(number, 0x9e3779b1) & mask;
  mixed ^= mixed >>> shift;
  mixed = Math.imul(mixed, 0x85ebca6b) & mask;
  return mixed ^ (mixed >>> shift);
}
