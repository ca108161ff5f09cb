import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  equalNames,
  isAtOrBelow,
  labelCount,
  labelsOf,
  lowerCaseName,
  nameFromLabels,
  nameKey,
  readName,
} from '../../src/wire/name.js';
import { nameFromText, nameToText } from '../../src/wire/name-text.js';
import { anyName } from './arbitrary.js';
import { hex, name, unhex } from './helpers.js';

/** Twelve bytes of header, as names in messages have before them. */
const packet = (text: string) => Buffer.concat([Buffer.alloc(12), unhex(text)]);

describe('readName', () => {
  it.each([
    ['a root', '00', '00', 13],
    ['labels', '0361626300', '0361626300', 17],
    ['a pointer to a whole name', '016100 c00c', '016100', 17, 15],
    ['labels and a pointer', '016100 0162c00c', '0162016100', 19, 15],
    ['a pointer to a pointer', '016100 0162c00c 0163c00f', '01630162016100', 23, 19],
  ])('reads %s', (_, text, expected, end, offset = 12) => {
    const result = readName(packet(text), offset, { pointers: { left: 1000 } });
    expect(result).toMatchObject({ ok: true, end });
    expect(result.ok && hex(result.name)).toBe(expected);
  });

  it.each([
    ['nothing', '', 'name-truncated', 12],
    ['a label that does not end', '0361', 'name-truncated', 12],
    ['a name without a root', '0161', 'name-truncated', 12],
    ['half a pointer', 'c0', 'name-truncated', 12],
    ['label type 0x40', '4100', 'label-type', 12],
    ['label type 0x80', '8000', 'label-type', 12],
    ['a pointer to itself', 'c00c', 'pointer-not-backwards', 12],
    ['a pointer forward', 'c00e016100', 'pointer-not-backwards', 12],
    ['a pointer into its own labels', '0161c00c', 'pointer-not-backwards', 12],
    ['a pointer into the header', 'c000', 'pointer-not-backwards', 12],
    ['two pointers at each other', 'c00ec00c', 'pointer-not-backwards', 14],
    ['256 octets', `3f${'61'.repeat(63)}`.repeat(4), 'name-too-long', 12],
  ])('refuses %s', (_, text, fault, offset) => {
    expect(readName(packet(text), offset, { pointers: { left: 1000 } })).toEqual({ ok: false, fault });
  });

  it('accepts 255 octets, and no pointer where none is allowed', () => {
    const longest = `${`3f${'61'.repeat(63)}`.repeat(3)}3d${'61'.repeat(61)}00`;
    expect(readName(packet(longest), 12, { pointers: false })).toMatchObject({ ok: true, end: 12 + 255 });
    expect(readName(packet('016100c00c'), 15, { pointers: false })).toEqual({
      ok: false,
      fault: 'pointer-not-allowed',
    });
  });

  it('follows no more pointers than a name can need', () => {
    const pointers = Array.from({ length: 5000 }, (_, i) => 0xc000 | (i === 0 ? 12 : 11 + 2 * i));
    const wire = Buffer.alloc(13 + 2 * pointers.length);
    for (const [i, pointer] of pointers.entries()) wire.writeUInt16BE(pointer, 13 + 2 * i);
    let reads = 0;
    const counted = new Proxy(wire, {
      get(target, property) {
        if (typeof property === 'string' && /^\d+$/.test(property)) reads++;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    expect(readName(counted, wire.length - 2, { pointers: { left: 1000 } })).toEqual({
      ok: false,
      fault: 'too-many-pointers',
    });
    expect(reads).toBeLessThan(2 * 128 + 2);
  });
});

describe('names', () => {
  it('survive labels and text', () => {
    fc.assert(
      fc.property(anyName, (wire) => {
        const labels = labelsOf(wire);
        expect(hex(nameFromLabels(labels))).toBe(hex(wire));
        expect(hex(nameFromText(nameToText(wire)))).toBe(hex(wire));
        expect(nameToText(wire)).toMatch(/^[!-~]+$/);
        expect(labelCount(wire)).toBe(labels.length);
      }),
    );
  });

  it('are compared and lower-cased only in ASCII', () => {
    expect(equalNames(name('wEb.STACK'), name('Web.stack'))).toBe(true);
    expect(equalNames(name('\\196'), name('\\228'))).toBe(false);
    expect(equalNames(name('@'), name('`'))).toBe(false);
    expect(hex(lowerCaseName(unhex('03 41c45a 00')))).toBe('0361c47a00');
    expect(nameKey(name('A.b'))).toBe(nameKey(name('a.B')));
  });

  it('distinguish a dot inside a label from the dots between labels', () => {
    const one = name('web\\.stack');
    expect(labelsOf(one)).toEqual(['web.stack']);
    expect(equalNames(one, name('web.stack'))).toBe(false);
    expect(nameKey(one)).not.toBe(nameKey(name('web.stack')));
    expect(nameToText(one)).toBe('web\\.stack');
  });

  it.each([
    ['a.b', 'a.b', true],
    ['x.A.b', 'a.b', true],
    ['xa.b', 'a.b', false],
    ['b', 'a.b', false],
    ['x', '.', true],
    // The bytes of "a.b" end the label, but no label boundary is there.
    ['x\\001a\\001b', 'a.b', false],
  ])('isAtOrBelow(%s, %s) is %s', (below, ancestor, expected) => {
    expect(isAtOrBelow(name(below), name(ancestor))).toBe(expected);
  });

  it.each(['', '..', 'a..b', '.a', 'a\\', 'a\\25', 'a\\256', 'a\\25x', 'x'.repeat(64), '\u0100'])(
    'refuse the text %j',
    (text) => {
      expect(nameFromText(text)).toBeUndefined();
    },
  );

  it('refuse labels that no wire form can hold', () => {
    expect(nameFromLabels(['a', ''])).toBeUndefined();
    expect(nameFromLabels(['x'.repeat(64)])).toBeUndefined();
    expect(nameFromLabels(Array.from({ length: 128 }, () => 'x'))).toBeUndefined();
  });
});
