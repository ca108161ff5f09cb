import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changesOf as changesOfParts,
  differenceOf,
  removalOf,
  wholeTable,
  type NftChanges,
  type NftPart,
  type NftTable,
} from '../../src/linux/nft-table.js';

const changesOf = (before: NftTable, after: NftTable): NftChanges =>
  changesOfParts(differenceOf(before, after), after);

const table = (parts: Readonly<Record<string, NftPart>>): NftTable => ({
  ...{ family: 'ip', name: 't' },
  parts: new Map(Object.entries(parts)),
});
const members = (set: string, all: Readonly<Record<string, string>>): NonNullable<NftPart['members']> =>
  new Map([[set, new Map(Object.entries(all))]]);
const base: NftPart = {
  sets: new Map([
    ['m', { kind: 'map', statements: ['type mark : verdict'] }],
    ['r', { kind: 'set', statements: ['type ipv4_addr', 'flags interval'] }],
  ]),
  chains: new Map([['in', ['type filter hook input priority 0', 'meta mark vmap @m']]]),
};

/** A kernel that knows as much of nft(8) as the commands need. */
class Model {
  readonly sets = new Map<string, Map<string, string>>();
  readonly chains = new Map<string, string[]>();

  run(command: string): void {
    const [, verb = '', kind = '', name = '', rest = ''] =
      /^(\w+) (\w+) ip t (\S+) ?(.*)$/.exec(command) ?? [];
    const list = rest
      .replace(/^\{ | \}$/g, '')
      .split(', ')
      .map((each) => each.split(' : '));
    const set = this.sets.get(name);
    const chain = this.chains.get(name);
    if (verb === 'add' && (kind === 'set' || kind === 'map'))
      this.sets.set(name, set ?? new Map<string, string>());
    else if (verb === 'add' && kind === 'chain') this.chains.set(name, chain ?? []);
    else if (verb === 'add' && kind === 'rule' && chain) chain.push(rest);
    else if (verb === 'flush' && kind === 'chain' && chain) chain.length = 0;
    else if (verb === 'flush' && set) set.clear();
    else if (verb === 'delete' && kind === 'chain' && chain?.length === 0 && !this.#isUsed(name))
      this.chains.delete(name);
    else if (verb === 'delete' && (kind === 'set' || kind === 'map') && set) this.sets.delete(name);
    else if (verb === 'delete' && kind === 'element' && set)
      for (const [key = ''] of list) expect(set.delete(key), `${command}: ${key}`).toBe(true);
    else if (verb === 'add' && kind === 'element' && set)
      for (const [key = '', value = ''] of list) {
        // The kernel refuses another value for an element that is there.
        expect(set.get(key) ?? value, command).toBe(value);
        if (value.startsWith('jump ')) expect(this.chains.has(value.slice(5)), command).toBe(true);
        set.set(key, value);
      }
    else throw new Error(`refused: ${command}`);
  }

  #isUsed(chain: string): boolean {
    return [...this.sets.values()].some((set) => [...set.values()].includes(`jump ${chain}`));
  }
}

/** What a model has after a table was written whole. */
function fresh(of: NftTable): Model {
  const model = new Model();
  const { commands } = changesOf({ ...of, parts: new Map() }, of);
  for (const command of commands) model.run(command);
  return model;
}

describe('a table of nft', () => {
  it('is written whole, after what was there is deleted', () => {
    const one: NftPart = { members: members('m', { 1: 'jump c' }), chains: new Map([['c', ['accept']]]) };
    expect(wholeTable(table({ base, one }))).toBe(`add table ip t
delete table ip t
table ip t {
  map m {
    type mark : verdict
    elements = { 1 : jump c }
  }
  set r {
    type ipv4_addr
    flags interval
  }
  chain in {
    type filter hook input priority 0
    meta mark vmap @m
  }
  chain c {
    accept
  }
}
`);
  });

  it('changes by what is different: an element with another value is deleted and added', () => {
    const before = table({ base, one: { members: members('m', { 1: 'a', 2: 'b' }) } });
    const after = table({ base, one: { members: members('m', { 1: 'a', 2: 'c', 3: 'd' }) } });
    expect(changesOf(before, after).commands).toEqual([
      'delete element ip t m { 2 }',
      'add element ip t m { 2 : c, 3 : d }',
    ]);
    expect(changesOf(before, before).commands).toEqual([]);
  });

  it('replaces all ranges of a set, which may have been merged', () => {
    const before = table({ base, one: { members: members('r', { '10.0.0.0/8': '' }) } });
    const after = table({ base, one: { members: members('r', { '10.0.0.0/8': '', '10.1.0.0/16': '' }) } });
    expect(changesOf(before, after).commands).toEqual([
      'flush set ip t r',
      'add element ip t r { 10.0.0.0/8, 10.1.0.0/16 }',
    ]);
  });

  it('after any sequence of changes is what it would be if it were written afresh', () => {
    const part = fc
      .record({
        slots: fc.dictionary(fc.constantFrom('1', '2', '3'), fc.constantFrom('accept', 'drop')),
        isJumped: fc.boolean(),
        rule: fc.constantFrom('accept', 'drop', 'return'),
        hasSet: fc.boolean(),
      })
      .map((each) => (name: string): NftPart => ({
        sets: new Map(each.hasSet ? [[`s${name}`, { kind: 'set', statements: ['type mark'] }]] : []),
        members: members('m', {
          ...Object.fromEntries(Object.entries(each.slots).map(([key, value]) => [`${name}${key}`, value])),
          ...(each.isJumped && { [name]: `jump c${name}` }),
        }),
        chains: new Map([[`c${name}`, [each.rule]]]),
      }));
    const state = fc
      .dictionary(fc.constantFrom('x', 'y', 'z'), part)
      .map((parts) =>
        table({ base, ...Object.fromEntries(Object.entries(parts).map(([k, make]) => [k, make(k)])) }),
      );
    fc.assert(
      fc.property(fc.array(state, { minLength: 2, maxLength: 8 }), ([first, ...states]) => {
        if (!first) return;
        const model = fresh(first);
        let before = first;
        for (const after of states) {
          const { commands, unused } = changesOf(before, after);
          for (const command of commands) model.run(command);
          for (const command of removalOf(after, unused)) model.run(command);
          before = after;
          expect(model).toEqual(fresh(after));
        }
      }),
    );
  });
});
