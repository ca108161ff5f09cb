import { FLAG, TYPE } from '../../src/wire/constants.js';
import { record as rootRecord, u16 } from '../conformance/packets.js';
import { anyOpt } from './edns-options.js';
import type { Random } from './random.js';
import { badName, foreignName, goodName, wire } from './wire-names.js';

const HEADER_SIZE = 12;
const QNAME_POINTER = Buffer.of(0xc0, HEADER_SIZE);

/** Seconds; the last two have their top bit set. */
const ttls = [0, 1, 5, 300, 86_400, 0x7fffffff, 0x80000000, 0xffffffff] as const;

/** The question of an upstream's reply: name in wire form, type. */
export interface AskedUpstream {
  readonly name: Uint8Array;
  readonly type: number;
}

/** A reply of an upstream to a question: in most cases honest, else with what does not belong there. */
export function anyReply(random: Random, { name, type }: AskedUpstream): Buffer {
  const parts: Buffer[] = [Buffer.concat([name, u16(type, 1)])];
  let at = HEADER_SIZE + (parts[0]?.length ?? 0);
  const add = (part: Buffer) => {
    parts.push(part);
    at += part.length;
  };
  const counts = [answerCount(random), random.below(3), random.below(4)] as const;
  let owner = QNAME_POINTER;
  for (let i = 0; i < counts[0]; i++) {
    const isLink = i < 3 && random.oneIn(4);
    const own = random.oneIn(8) ? anyOwner(random, at) : owner;
    if (isLink) {
      const target = anyOwner(random, at);
      // The next owner points at this link's target, behind the ten bytes that are fixed.
      owner = Buffer.of(0xc0 | (((at + own.length + 10) >> 8) & 0x3f), (at + own.length + 10) & 0xff);
      add(recordOf(random, own, TYPE.CNAME, target));
    } else add(anyRecord(random, own, at, random.oneIn(4) ? undefined : type));
  }
  for (let i = 0; i < counts[1]; i++) {
    const zone = random.oneIn(4) ? wire('rancher.internal') : QNAME_POINTER;
    add(anyRecord(random, zone, at, random.oneIn(3) ? undefined : TYPE.SOA));
  }
  const optAt = random.oneIn(3) ? -1 : random.below(counts[2] + 1);
  for (let i = 0; i < counts[2]; i++) {
    if (i === optAt) add(anyOpt(random));
    add(anyRecord(random, anyOwner(random, at), at));
  }
  if (optAt === counts[2]) add(anyOpt(random));
  const rcode = random.oneIn(4) ? 3 : random.oneIn(12) ? random.below(16) : 0;
  const flags =
    FLAG.QR | FLAG.RD | FLAG.RA | (random.oneIn(20) ? FLAG.TC : 0) | (random.oneIn(3) ? FLAG.AD : 0) | rcode;
  const head = u16(random.below(65536), flags, 1, counts[0], counts[1], counts[2] + (optAt < 0 ? 0 : 1));
  return Buffer.concat([head, ...parts]);
}

function answerCount(random: Random): number {
  if (random.oneIn(100)) return 100 + random.below(500);
  return random.oneIn(5) ? 20 + random.below(60) : random.below(4);
}

/** A name, whole or by pointer. */
function anyOwner(random: Random, at: number): Buffer {
  const roll = random.below(100);
  if (roll < 40) return QNAME_POINTER;
  if (roll < 70) return foreignName(random);
  return roll < 98 ? goodName(random) : badName(random, at);
}

function recordOf(random: Random, owner: Buffer, type: number, rdata: Buffer): Buffer {
  const ttl = random.pick(ttls);
  const length = random.oneIn(400) ? random.below(65536) : rdata.length;
  return Buffer.concat([owner, u16(type, random.oneIn(60) ? 3 : 1, ttl >>> 16, ttl & 0xffff, length), rdata]);
}

function anyRecord(random: Random, owner: Buffer, at: number, wanted?: number): Buffer {
  if (random.oneIn(200)) return rootRecord(TYPE.TXT, '0161');
  const [type, rdata] = anyData(random, at + owner.length + 10, wanted);
  return recordOf(random, owner, type, rdata);
}

const dataTypes = [TYPE.A, TYPE.AAAA, TYPE.NS, TYPE.SOA, TYPE.MX, TYPE.SRV, TYPE.TXT, TYPE.PTR] as const;
const moreTypes = [
  TYPE.NAPTR,
  TYPE.DNAME,
  TYPE.RRSIG,
  TYPE.HINFO,
  TYPE.SVCB,
  TYPE.RP,
  TYPE.CAA,
  65280,
] as const;

function anyData(random: Random, at: number, wanted: number | undefined): readonly [number, Buffer] {
  const type = wanted ?? (random.oneIn(2) ? random.pick(dataTypes) : random.pick(moreTypes));
  const name = (before = 0) => anyOwner(random, at + before);
  switch (type) {
    case TYPE.A:
      return [type, random.oneIn(4) ? Buffer.of(10, 0, 0, 1) : random.octets(random.oneIn(400) ? 3 : 4)];
    case TYPE.AAAA:
      return [type, random.octets(random.oneIn(400) ? 15 : 16)];
    case TYPE.NS:
    case TYPE.CNAME:
    case TYPE.PTR:
    case TYPE.DNAME:
      return [type, name()];
    case TYPE.SOA: {
      const mname = name();
      return [type, Buffer.concat([mname, name(mname.length), random.octets(16), Buffer.of(0, 0, 0, 60)])];
    }
    case TYPE.MX:
      return [type, Buffer.concat([u16(10), name(2)])];
    case TYPE.SRV:
      return [type, Buffer.concat([u16(0, 1, 80), name(6)])];
    case TYPE.RP: {
      const mailbox = name();
      return [type, Buffer.concat([mailbox, name(mailbox.length)])];
    }
    case TYPE.NAPTR:
      return [type, Buffer.concat([u16(1, 1), Buffer.of(1, 0x75, 0, 2, 0x21, 0x21), name(10)])];
    case TYPE.TXT: {
      const text = random.octets(random.below(256));
      return [type, Buffer.concat([Buffer.of(text.length), text])];
    }
    case TYPE.RRSIG:
      return [type, Buffer.concat([u16(TYPE.A), random.octets(16), foreignName(random), random.octets(64)])];
    default:
      return [type, random.octets(random.oneIn(50) ? 2000 : random.below(40))];
  }
}
