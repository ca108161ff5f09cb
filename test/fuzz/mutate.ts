import type { Random } from './random.js';

/** Bytes and words that sit on the edge of something. */
const octetEdges = [0, 1, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff] as const;
const wordEdges = [0, 1, 2, 41, 0x00ff, 0x0200, 0x04d0, 0x3fff, 0xc00c, 0xc000, 0xffff] as const;

/** A message is no longer than this over any transport. */
const MAX_SIZE = 65_535;

type Mutation = (random: Random, packet: Buffer, from: number, donor: () => Buffer) => Buffer;

const flipBit: Mutation = (random, packet, from) => {
  const at = place(random, packet, from);
  packet[at] = (packet[at] ?? 0) ^ (1 << random.below(8));
  return packet;
};

const setOctet: Mutation = (random, packet, from) => {
  packet[place(random, packet, from)] = random.oneIn(2) ? random.pick(octetEdges) : random.below(256);
  return packet;
};

/** Lies of lengths and counts: most words of a packet are one or the other. */
const setWord: Mutation = (random, packet, from) => {
  const at = place(random, packet, from);
  if (at + 2 <= packet.length) packet.writeUInt16BE(random.pick(wordEdges), at);
  return packet;
};

const setCount: Mutation = (random, packet, from) => {
  const at = 4 + 2 * random.below(4);
  if (at >= from && at + 2 <= packet.length) packet.writeUInt16BE(random.pick([0, 1, 2, 3, 512, 65535]), at);
  return packet;
};

const truncate: Mutation = (random, packet, from) => packet.subarray(0, place(random, packet, from));

const insert: Mutation = (random, packet, from) => {
  const at = place(random, packet, from);
  return Buffer.concat([packet.subarray(0, at), random.octets(1 + random.below(16)), packet.subarray(at)]);
};

const remove: Mutation = (random, packet, from) => {
  const at = place(random, packet, from);
  return Buffer.concat([packet.subarray(0, at), packet.subarray(at + 1 + random.below(16))]);
};

const repeat: Mutation = (random, packet, from) => {
  const at = place(random, packet, from);
  const piece = packet.subarray(at, at + 1 + random.below(64));
  return Buffer.concat([packet.subarray(0, at), piece, piece, packet.subarray(at + piece.length)]);
};

const splice: Mutation = (random, packet, from, donor) => {
  const other = donor();
  return Buffer.concat([
    packet.subarray(0, place(random, packet, from)),
    other.subarray(random.below(other.length + 1)),
  ]);
};

const mutations = [
  flipBit,
  flipBit,
  setOctet,
  setWord,
  setCount,
  truncate,
  insert,
  remove,
  repeat,
  splice,
] as const;

/**
 * A packet that differs from the given one in one to four places.
 * @param from bytes before this offset stay as they are
 * @param donor another packet, for splicing
 */
export function mutate(random: Random, packet: Buffer, from: number, donor: () => Buffer): Buffer {
  let mutated: Buffer = Buffer.from(packet);
  for (let left = 1 + random.below(4); left > 0; left--) {
    mutated = random.pick(mutations)(random, Buffer.from(mutated), from, donor);
  }
  return Buffer.from(mutated.subarray(0, MAX_SIZE));
}

function place(random: Random, packet: Buffer, from: number): number {
  return Math.min(from, packet.length) + random.below(Math.max(0, packet.length - from) + 1);
}
