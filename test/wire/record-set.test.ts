import { expect, it } from 'vitest';
import { checkRecords } from '../../src/wire/record-set.js';
import { recordsOf } from '../dns/zone/support.js';

it.each<[string, readonly string[], readonly string[]]>([
  [
    'records that go together',
    ['a.lan A 192.0.2.1', 'a.lan A 192.0.2.2', 'a.lan 60 TXT "x"', 'b.lan CNAME a.lan', 'c.lan CNAME b.lan'],
    [],
  ],
  ['a double', ['a.lan A 192.0.2.1', 'b.lan A 192.0.2.1', 'a.lan 60 A 192.0.2.1'], ['2 is there twice']],
  [
    'a CNAME after other data',
    ['a.lan TXT "x"', 'a.lan CNAME b.lan'],
    ['1 is a CNAME at a.lan, which has TXT too; a name with a CNAME has nothing else'],
  ],
  [
    'other data after a CNAME',
    ['a.lan CNAME b.lan', 'a.lan A 192.0.2.1', 'a.lan AAAA fd00::1'],
    [
      '1 is of type A at a.lan, which has a CNAME too; a name with a CNAME has nothing else',
      '2 is of type AAAA at a.lan, which has a CNAME too; a name with a CNAME has nothing else',
    ],
  ],
  [
    'two CNAMEs',
    ['a.lan CNAME b.lan', 'a.lan CNAME c.lan'],
    ['1 is a second CNAME of a.lan; a name has one at most'],
  ],
  ['a CNAME of itself', ['a.lan CNAME a.lan'], ['0 is a CNAME that points at itself']],
  [
    'a loop, and what leads into it',
    ['x.lan CNAME a.lan', 'a.lan CNAME b.lan', 'b.lan CNAME a.lan'],
    [
      '1 is a CNAME that leads back to itself: a.lan to b.lan to a.lan',
      '2 is a CNAME that leads back to itself: b.lan to a.lan to b.lan',
    ],
  ],
])('%s', (_, lines, faults) => {
  expect(checkRecords(recordsOf(...lines)).map(({ index, fault }) => `${index} ${fault}`)).toEqual(faults);
});
