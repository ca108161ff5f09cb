/**
 * Pseudo-random numbers that a seed and a stream number decide, the same on every machine (xoshiro128**, seeded by
 * splitmix32). Not for secrets.
 */
export class Random {
  readonly #state: Uint32Array;

  constructor(seed: number, stream = 0) {
    let mixed = (seed ^ Math.imul(stream, 0x9e3779b9)) >>> 0;
    this.#state = Uint32Array.from({ length: 4 }, () => {
      mixed = (mixed + 0x9e3779b9) >>> 0;
      let z = mixed;
      z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
      z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
      return (z ^ (z >>> 16)) >>> 0;
    });
    if (this.#state.every((word) => word === 0)) this.#state[0] = 1;
  }

  /** 0..2^32-1. */
  u32(): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.#state;
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const third = c ^ a;
    const fourth = d ^ b;
    this.#state[1] = b ^ third;
    this.#state[0] = a ^ fourth;
    this.#state[2] = third ^ (b << 9);
    this.#state[3] = rotate(fourth, 11);
    return scrambled;
  }

  /** 0..bound-1. */
  below(bound: number): number {
    return Math.floor((this.u32() / 0x100000000) * bound);
  }

  /** True in one of `n` cases. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0];
  }

  octets(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

function rotate(value: number, by: number): number {
  return ((value << by) | (value >>> (32 - by))) >>> 0;
}
