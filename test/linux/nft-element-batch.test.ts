import { describe, expect, it } from 'vitest';
import { elementBatch } from '../../src/linux/nft-element-batch.js';
import { elementForm } from '../../src/linux/nft-element-bytes.js';
import type { NftSet } from '../../src/linux/nft-table.js';

const set = (kind: NftSet['kind'], ...statements: string[]): NftSet => ({ kind, statements });
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

describe('elements of sets, as the kernel has them', () => {
  it.each([
    ['ipv4_addr', '10.43.0.9', '0a2b0009'],
    ['ipv6_addr', 'fd00::1', 'fd000000000000000000000000000001'],
    ['inet_service', '8080', '1f90'],
    ['mark', '1', '01000000'],
    ['mark', '4294967295', 'ffffffff'],
    [
      'ifname . ifname',
      '"br0" . "docker0"',
      '62723000000000000000000000000000646f636b657230000000000000000000',
    ],
    // Each field begins at a register of four bytes.
    ['ipv4_addr . inet_proto . inet_service', '10.43.0.9 . tcp . 80', '0a2b0009' + '06000000' + '00500000'],
    [
      'ipv4_addr . inet_proto . inet_service . mark',
      '10.43.0.9 . udp . 53 . 258',
      '0a2b0009110000000035000002010000',
    ],
  ])('%s: %s', (type, text, bytes) => {
    expect(hex(elementForm(set('set', `type ${type}`))?.key(text))).toBe(bytes);
  });

  it('have values in maps', () => {
    const form = elementForm(set('map', 'type mark : ipv4_addr . inet_service', 'counter'));
    expect(hex(form?.key('7'))).toBe('07000000');
    expect(hex(form?.value?.('10.1.1.1 . 80'))).toBe('0a01010100500000');
  });

  it.each([
    ['ranges', set('set', 'type ifname . ipv4_addr', 'flags interval')],
    ['timeouts', set('map', 'type ipv4_addr : mark', 'flags dynamic,timeout')],
    ['verdicts', set('map', 'type ipv4_addr : verdict')],
    ['a type that is not known here', set('set', 'type ether_addr')],
    ['no type', set('set', 'typeof ip saddr')],
  ])('are left to nft where the set has %s', (_, each) => {
    expect(elementForm(each)).toBeUndefined();
  });

  it.each([
    ['ipv4_addr', 'fd00::1'],
    ['inet_service', '65536'],
    ['mark', '-1'],
    ['mark', ''],
    ['mark', '1 . 2'],
    ['ifname', '"a-name-of-sixteen"'],
    ['ipv4_addr . mark', '10.0.0.1'],
  ])('that a set cannot have are errors: %s %s', (type, text) => {
    expect(() => elementForm(set('set', `type ${type}`))?.key(text)).toThrow();
  });
});

interface Attribute {
  readonly type: number;
  readonly content: Buffer;
}

function attributesOf(bytes: Buffer): Attribute[] {
  const found: Attribute[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = bytes.readUInt16LE(at);
    found.push({ type: bytes.readUInt16LE(at + 2), content: bytes.subarray(at + 4, at + length) });
    at += (length + 3) & ~3;
  }
  return found;
}

function messagesOf(bytes: Uint8Array) {
  const all = Buffer.from(bytes);
  const found: { type: number; flags: number; family: number; subsystem: number; attributes: Attribute[] }[] =
    [];
  for (let at = 0; at < all.length;) {
    const length = all.readUInt32LE(at);
    found.push({
      ...{ type: all.readUInt16LE(at + 4), flags: all.readUInt16LE(at + 6) },
      ...{ family: all[at + 16] ?? 0, subsystem: all.readUInt16BE(at + 18) },
      attributes: attributesOf(all.subarray(at + 20, at + length)),
    });
    at += length;
  }
  return found;
}

describe('a transaction about elements', () => {
  const MAP = set('map', 'type mark : mark');
  const table = { family: 'ip6', name: 't' } as const;

  it('removes, then adds, between the marks of a batch', () => {
    const batch = elementBatch(table, { removed: [['m', ['1']]], added: [['m', [['2', '3']]]] }, () => MAP);
    const messages = messagesOf(batch?.bytes ?? new Uint8Array());
    expect(messages.map(({ type, flags, family, subsystem }) => [type, flags, family, subsystem])).toEqual([
      [0x10, 1, 0, 10],
      [0x0a0e, 5, 10, 0],
      [0x0a0c, 0x405, 10, 0],
      [0x11, 1, 0, 10],
    ]);
    expect(batch?.answers).toBe(2);
    const [table6, name, elements] = messages[2]?.attributes ?? [];
    expect([table6?.type, table6?.content.toString()]).toEqual([1, 't\0']);
    expect([name?.type, name?.content.toString()]).toEqual([2, 'm\0']);
    expect(elements?.type).toBe(0x8003);
    expect(hex(elements?.content)).toBe(
      // An element with a key and a value, each of which has data.
      '1c000180' + '0c000180' + '08000100' + '02000000' + '0c000280' + '08000100' + '03000000',
    );
  });

  it('has several messages for many elements', () => {
    const many = Array.from({ length: 1201 }, (_, at) => [String(at), '1'] as const);
    const batch = elementBatch(table, { removed: [], added: [['m', many]] }, () => MAP);
    const counts = messagesOf(batch?.bytes ?? new Uint8Array()).map(
      ({ attributes }) => attributesOf(attributes[2]?.content ?? Buffer.alloc(0)).length,
    );
    expect(counts).toEqual([0, 500, 500, 201, 0]);
    expect(batch?.answers).toBe(3);
  });

  it('is left to nft where one of its sets is, or has to be emptied', () => {
    const sets: Readonly<Record<string, NftSet>> = { m: MAP, v: set('map', 'type mark : verdict') };
    const of = (name: string): NftSet | undefined => sets[name];
    expect(
      elementBatch(
        table,
        {
          removed: [
            ['m', ['1']],
            ['v', ['1']],
          ],
          added: [],
        },
        of,
      ),
    ).toBeUndefined();
    expect(elementBatch(table, { removed: [], added: [['other', [['1', '']]]] }, of)).toBeUndefined();
    expect(elementBatch(table, { removed: [['m', 'all']], added: [] }, of)).toBeUndefined();
  });
});
