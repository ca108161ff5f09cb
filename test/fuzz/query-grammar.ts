import { TYPE } from '../../src/wire/constants.js';
import { header, record, u16 } from '../conformance/packets.js';
import { DOMAIN, STACK } from '../conformance/golden/fixture.js';
import { anyOpt } from './edns-options.js';
import type { Random } from './random.js';
import { badName, foreignName, goodName, wire } from './wire-names.js';

const HEADER_SIZE = 12;

const usualTypes = [TYPE.A, TYPE.A, TYPE.AAAA, TYPE.SRV, TYPE.PTR, TYPE.TXT, TYPE.CNAME, TYPE.SOA] as const;
const oddTypes = [TYPE.NS, TYPE.ANY, TYPE.HTTPS, TYPE.DS, TYPE.OPT, TYPE.TKEY, TYPE.TSIG, TYPE.AXFR] as const;
const rareTypes = [TYPE.IXFR, TYPE.MAILA, TYPE.MAILB, 0, 65280, 65535] as const;

/** A packet as a client might send it: in most cases a query, else nearly one. */
export function anyQuery(random: Random): Buffer {
  if (random.oneIn(400)) return pointerBomb(random);
  const questions = random.oneIn(40) ? random.pick([0, 0, 2, 3]) : 1;
  const parts: Buffer[] = [];
  for (let i = 0, at = HEADER_SIZE; i < questions; i++) {
    const question = anyQuestion(random, at);
    parts.push(question);
    at += question.length;
  }
  const records = random.oneIn(60) ? 1 : 0;
  const authority = random.oneIn(60) ? 1 : 0;
  for (let i = 0; i < records + authority; i++) parts.push(record(TYPE.A, '0a2a000b'));
  const additionals = anyAdditionals(random);
  parts.push(...additionals);
  if (random.oneIn(60)) parts.push(random.octets(1 + random.below(20)));
  const counts = [questions, records, authority, additionals.length] as const;
  return Buffer.concat([anyHeader(random, counts), ...parts]);
}

/** A query that is well-formed and goes upstream. */
export function foreignQuery(random: Random): Buffer {
  const withOpt = random.oneIn(2);
  const flags = ['RD', 'RD', 'RD', 'RD AD', 'RD CD'] as const;
  const head = header({
    id: random.below(65536),
    flags: random.pick(flags),
    counts: [1, 0, 0, withOpt ? 1 : 0],
  });
  // An alias for outside.example, whose addresses are looked up upstream.
  const name = random.oneIn(4) ? wire(`ext.${STACK}.${DOMAIN}`) : foreignName(random);
  const question = Buffer.concat([name, u16(random.pick(usualTypes), 1)]);
  return Buffer.concat([head, question, ...(withOpt ? [plainOpt(random)] : [])]);
}

/** An OPT without options, of any size. */
function plainOpt(random: Random): Buffer {
  const size = random.pick([512, 600, 1232, 4096, 0]);
  return Buffer.concat([Buffer.of(0), u16(TYPE.OPT, size, 0, random.oneIn(2) ? 0x8000 : 0, 0)]);
}

function anyHeader(random: Random, counts: readonly [number, number, number, number]): Buffer {
  const lies = random.oneIn(50);
  const pick = random.below(4);
  return header({
    id: random.below(65536),
    opcode: random.oneIn(25) ? random.below(16) : 0,
    flags: random.oneIn(60) ? 'QR' : random.oneIn(6) ? '' : 'RD',
    bits: random.oneIn(10) ? random.below(0x800) & ~0x8000 : 0,
    counts: lies
      ? (counts.map((count, at) => (at === pick ? random.pick([0, 1, 2, 512, 65535]) : count)) as [
          number,
          number,
          number,
          number,
        ])
      : counts,
  });
}

function anyQuestion(random: Random, offset: number): Buffer {
  const name = random.oneIn(25) ? badName(random, offset) : goodName(random);
  const roll = random.below(20);
  const type =
    roll < 14 ? random.pick(usualTypes) : roll < 18 ? random.pick(oddTypes) : random.pick(rareTypes);
  const klass = random.oneIn(25) ? random.pick([0, 3, 4, 254, 255, 65535]) : 1;
  return Buffer.concat([name, u16(random.oneIn(30) ? random.below(65536) : type, klass)]);
}

function anyAdditionals(random: Random): Buffer[] {
  const roll = random.below(80);
  if (roll < 30) return [];
  if (roll === 30) return [anyOpt(random), anyOpt(random)];
  if (roll === 31) return [record(TYPE.TSIG, random.octets(40).toString('hex'))];
  if (roll === 32) return [anyOpt(random), record(TYPE.TSIG, '00')];
  if (roll === 33) return [record(TYPE.A, '7f000001')];
  return [anyOpt(random)];
}

/** 64 KiB of records that all point at one name of 127 labels. */
function pointerBomb(random: Random): Buffer {
  const name = Buffer.concat([...Array.from({ length: 127 }, () => Buffer.of(1, 0x61)), Buffer.of(0)]);
  const target = HEADER_SIZE;
  const each = Buffer.concat([Buffer.of(0xc0, target), u16(TYPE.A, 1, 0, 0, 0)]);
  const count = Math.floor((65_535 - HEADER_SIZE - name.length - 4) / each.length);
  const counts = random.oneIn(2) ? ([1, count, 0, 0] as const) : ([1, 0, 0, count] as const);
  return Buffer.concat([
    header({ counts }),
    name,
    u16(TYPE.A, 1),
    ...Array.from({ length: count }, () => each),
  ]);
}
