import { opt, u16 } from '../conformance/packets.js';
import type { Random } from './random.js';

const CODE = {
  NSID: 3,
  ECS: 8,
  EXPIRE: 9,
  COOKIE: 10,
  KEEPALIVE: 11,
  PADDING: 12,
  EDE: 15,
  LOOP_MARK: 65001,
};

const udpSizes = [0, 100, 511, 512, 513, 1231, 1232, 1233, 1400, 4096, 65535] as const;

/** An OPT record: mostly right, sometimes with lengths that lie. */
export function anyOpt(random: Random): Buffer {
  return opt({
    size: random.oneIn(4) ? random.below(65536) : random.pick(udpSizes),
    version: random.oneIn(20) ? random.pick([1, 255, 2]) : 0,
    flags: (random.oneIn(3) ? 0x8000 : 0) | (random.oneIn(10) ? random.below(0x8000) : 0),
    rdata: anyOptions(random),
    ...(random.oneIn(50) && { length: random.below(65536) }),
    ...(random.oneIn(40) && { owner: Buffer.of(1, 0x61, 0) }),
  });
}

function anyOptions(random: Random): Buffer {
  const roll = random.below(60);
  if (roll < 25) return Buffer.alloc(0);
  if (roll === 25) return many(63 + random.below(4), () => option(random));
  // The longest list there can be.
  if (roll === 26 && random.oneIn(8)) return many(16_000, () => u16(CODE.NSID, 0));
  if (roll === 27) return random.octets(random.below(40));
  return many(1 + random.below(4), () => option(random));
}

const many = (count: number, make: () => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, make));

function option(random: Random): Buffer {
  const [code, data] = codeAndData(random);
  const length = random.oneIn(80) ? random.below(65536) : data.length;
  return Buffer.concat([u16(code, length), data]);
}

function codeAndData(random: Random): readonly [number, Buffer] {
  switch (random.below(9)) {
    case 0:
      return [CODE.COOKIE, random.octets(random.pick([0, 7, 8, 9, 15, 16, 24, 24, 40, 41]))];
    case 1:
      return [CODE.NSID, random.octets(random.pick([0, 0, 5]))];
    case 2:
      return [CODE.ECS, clientSubnet(random)];
    case 3:
      return [CODE.KEEPALIVE, random.octets(random.pick([0, 2, 1, 3]))];
    case 4:
      return [CODE.EDE, random.octets(random.pick([0, 1, 2, 40]))];
    case 5:
      return [CODE.LOOP_MARK, random.octets(random.pick([0, 7, 8, 16, 64, 72]))];
    case 6:
      return [CODE.PADDING, Buffer.alloc(random.below(200))];
    case 7:
      return [CODE.EXPIRE, random.octets(random.pick([0, 4]))];
    default:
      return [random.below(65536), random.octets(random.below(20))];
  }
}

/** RFC 7871 section 6, with families and prefixes that there are not. */
function clientSubnet(random: Random): Buffer {
  const fixed = Buffer.of(
    0,
    random.pick([1, 2, 9]),
    random.pick([0, 24, 32, 56, 200]),
    random.pick([0, 0, 24]),
  );
  return Buffer.concat([fixed, random.octets(random.below(17))]);
}
