import { rotateSets } from '../../src/dns/rotate.js';
import { CLASS, TYPE, typeFromText } from '../../src/wire/constants.js';
import type { Rdata, ResourceRecord } from '../../src/wire/resource-record.js';
import { name } from '../wire/helpers.js';
import type { ShuffleSuite } from './case-file.js';
import { listFault, type CaseResult, type Mismatch } from './result.js';

/** What the order of records in an answer must be over many replies. */
export function runShuffle({ id, cases }: ShuffleSuite): CaseResult[] {
  return cases.map(({ name: caseName, input, runs, expect }) => {
    const given = input.map(({ owner }) => owner);
    const seen = Array.from({ length: runs }, () => rotated(input));
    const faults = [
      expect.equals && orderFault(expect.equals, seen),
      expect.unchanged || expect.unchanged_every_run ? orderFault(given, seen) : undefined,
      orderFault(
        expect.fixed_prefix,
        seen.map((order) => order.slice(0, expect.fixed_prefix.length)),
      ),
      listFault(
        expect.each_first_at_least_once,
        expect.each_first_at_least_once.length === 0
          ? []
          : seen.map((order) => order[expect.fixed_prefix.length] ?? ''),
      ),
    ];
    const mismatches: Mismatch[] = faults
      .filter((fault) => fault !== undefined)
      .map((fault) => ({ asked: 'order', fault }));
    return { suite: id, name: caseName, mismatches };
  });
}

function orderFault(expected: readonly string[], seen: readonly (readonly string[])[]): string | undefined {
  const wrong = seen.find((order) => order.join(' ') !== expected.join(' '));
  return wrong && `expected ${expected.join(' ') || 'nothing'}, got ${wrong.join(' ') || 'nothing'}`;
}

/**
 * The labels of one answer in the order in which it would be sent. Upstream's test tells its records apart by their
 * owners; the addresses of a name have one owner, so here the place in the input distinguishes them.
 */
function rotated(input: ShuffleSuite['cases'][number]['input']): readonly string[] {
  const records = input.map(({ owner, type, ttl }, at): ResourceRecord => {
    const number = typeFromText(type) ?? TYPE.ANY;
    const isAddress = number === TYPE.A || number === TYPE.AAAA;
    return {
      owner: name(isAddress ? 'owner' : owner),
      type: number,
      class: CLASS.IN,
      ttl,
      rdata: rdataOf(number, at),
    };
  });
  const order = rotateSets(records, (bound) => Math.floor(Math.random() * bound));
  return order.map((record) => input[records.indexOf(record)]?.owner ?? '');
}

function rdataOf(type: number, at: number): Rdata {
  if (type === TYPE.A) return { kind: 'a', address: Uint8Array.of(10, 0, 0, at) };
  if (type === TYPE.AAAA) return { kind: 'aaaa', address: Uint8Array.from({ length: 16 }, () => at) };
  if (type === TYPE.CNAME) return { kind: 'cname', target: name('target') };
  return { kind: 'raw', bytes: Uint8Array.of(at) };
}
