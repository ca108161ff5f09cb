import { describe, expect, it } from 'vitest';
import type { NftOutcome } from '../../src/linux/nft.js';
import type { NftPart, NftTable } from '../../src/linux/nft-table.js';
import { NftWriter } from '../../src/linux/nft-writer.js';

const base: NftPart = { sets: new Map([['m', { kind: 'map', statements: ['type mark : verdict'] }]]) };
const table = (...chains: string[]): NftTable => ({
  ...{ family: 'ip', name: 't' },
  parts: new Map<string, NftPart>([
    ['base', base],
    ...chains.map((chain) => [chain, { chains: new Map([[chain, ['accept']]]) }] as const),
  ]),
});

/** A kernel that takes down what it is told, and refuses where a test says so. */
function kernel() {
  const told: string[] = [];
  const refuses = { lines: false, tables: false };
  const answer = (isRefused: boolean): NftOutcome =>
    isRefused ? { ok: false, why: 'Error: no' } : { ok: true, output: '' };
  const writer = new NftWriter({
    load: (script) => {
      told.push(script.startsWith('add table') ? 'whole' : 'file');
      return Promise.resolve(answer(refuses.tables));
    },
    shell: {
      run: (line) => {
        told.push(line.replaceAll(/\d{3,}/g, 'N'));
        return Promise.resolve(answer(refuses.lines));
      },
      close: () => undefined,
    },
  });
  return { told, refuses, writer };
}

const STAMP = 'delete element ip t stamp { N }; add element ip t stamp { N }';

describe('the writer of a table', () => {
  it('writes all of it once, then only what has changed, each in one transaction', async () => {
    const { told, writer } = kernel();
    await writer.write(table('a'));
    const first = table('a', 'b');
    await writer.write(first);
    await writer.write(first);
    expect(told).toEqual(['whole', `add chain ip t b; add rule ip t b accept; ${STAMP}`]);
  });

  it('deletes what is not used any more later, unless it is used again', async () => {
    const { told, writer } = kernel();
    await writer.write(table('a', 'b', 'c'));
    await writer.write(table('a'));
    await writer.write(table('a', 'c'));
    told.length = 0;
    await writer.sweep();
    await writer.sweep();
    expect(told).toEqual([`delete chain ip t b; ${STAMP}`]);
  });

  it('deletes once what was not used, used again, and not used again', async () => {
    const { told, writer } = kernel();
    await writer.write(table('a', 'b'));
    await writer.write(table('a'));
    await writer.write(table('a', 'b'));
    await writer.write(table('a'));
    told.length = 0;
    await writer.sweep();
    expect(told).toEqual([`delete chain ip t b; ${STAMP}`]);
  });

  it.each(['a', 'b'])(
    'writes all of it when it was to forget the kernel while it wrote %s',
    async (chain) => {
      const told: string[] = [];
      const writer: NftWriter = new NftWriter({
        load: () => {
          told.push('whole');
          if (chain === 'a' && told.length === 1) writer.forget();
          return Promise.resolve({ ok: true, output: '' });
        },
        shell: {
          run: () => {
            told.push('parts');
            if (chain === 'b') writer.forget();
            return Promise.resolve({ ok: true, output: '' });
          },
          close: () => undefined,
        },
      });
      await writer.write(table('a'));
      if (chain === 'b') await writer.write(table('a', 'b'));
      await writer.write(table('a'));
      expect(told).toEqual(chain === 'a' ? ['whole', 'whole'] : ['whole', 'parts', 'whole']);
    },
  );

  it('writes all of it after a refusal, and when something else may be there', async () => {
    const { told, refuses, writer } = kernel();
    await writer.write(table('a'));
    refuses.lines = true;
    await writer.write(table('b'));
    refuses.lines = false;
    await writer.write(table('c'));
    writer.forget();
    await writer.write(table('c'));
    expect(told.map((each) => each.split(' ')[0])).toEqual(['whole', 'add', 'whole', 'add', 'whole']);
  });

  it('takes the difference from the table before where it is told', async () => {
    const { told, writer } = kernel();
    const live = new Map(table('a').parts);
    const it: NftTable = { ...table(), parts: live };
    await writer.write(it);
    const part: NftPart = { chains: new Map([['b', ['accept']]]) };
    live.set('b', part);
    await writer.write(it, { gone: [], come: [part] });
    await writer.write(it, { gone: [], come: [] });
    expect(told).toEqual(['whole', `add chain ip t b; add rule ip t b accept; ${STAMP}`]);
  });

  it('says why nothing could be written, and writes all of it the next time', async () => {
    const { told, refuses, writer } = kernel();
    refuses.tables = true;
    await expect(writer.write(table('a'))).rejects.toThrow('Error: no');
    refuses.tables = false;
    await writer.write(table('a'));
    expect(told).toEqual(['whole', 'whole']);
  });

  it('hands over in a file what is too long for a line', async () => {
    const { told, writer } = kernel();
    await writer.write(table());
    await writer.write(table(...Array.from({ length: 5000 }, (_, n) => `chain${n}`)));
    expect(told).toEqual(['whole', 'file']);
  });

  it('knows its own stamps', async () => {
    const stamps: number[] = [];
    const writer = new NftWriter({
      load: (script) => {
        stamps.push(Number(/stamp \{\n +type mark\n +elements = \{ (\d+)/.exec(script)?.[1]));
        return Promise.resolve({ ok: true, output: '' });
      },
    });
    await writer.write(table('a'));
    const [stamp = 0] = stamps;
    expect([stamp, stamp + 1, stamp - 1].map((each) => writer.isOurs(each))).toEqual([true, false, false]);
  });

  describe('with a kernel that it may tell itself', () => {
    const one: NftPart = { members: new Map([['m', new Map([['1', '2']])]]) };
    const two: NftPart = { members: new Map([['m', new Map([['1', '3']])]]) };
    const maps: NftPart = { sets: new Map([['m', { kind: 'map', statements: ['type mark : mark'] }]]) };
    const withPart = (part: NftPart, more: NftPart = {}): NftTable => ({
      ...{ family: 'ip', name: 't' },
      parts: new Map([
        ['base', maps],
        ['part', part],
        ['more', more],
      ]),
    });

    function both() {
      const told: string[] = [];
      const refuses = { elements: false };
      const writer = new NftWriter({
        load: () => {
          told.push('whole');
          return Promise.resolve({ ok: true, output: '' });
        },
        shell: {
          run: (line) => {
            told.push(line.replaceAll(/\d{3,}/g, 'N'));
            return Promise.resolve({ ok: true, output: '' });
          },
          close: () => undefined,
        },
        netlink: () =>
          Promise.resolve({
            run: ({ answers }) => {
              told.push(`${answers} messages`);
              return refuses.elements ? { ok: false, why: 'nf_tables: ENOENT' } : { ok: true, output: '' };
            },
            close: () => told.push('closed'),
          }),
      });
      return { told, refuses, writer };
    }

    it('has elements alone go there, and everything else through nft', async () => {
      const { told, writer } = both();
      await writer.write(withPart(one));
      await writer.write(withPart(two));
      await writer.write(withPart(two, { chains: new Map([['c', ['accept']]]) }));
      writer.close();
      expect(told).toEqual([
        'whole',
        '4 messages',
        `add chain ip t c; add rule ip t c accept; ${STAMP}`,
        'closed',
      ]);
    });

    it('has nft do what the kernel refuses', async () => {
      const { told, refuses, writer } = both();
      await writer.write(withPart(one));
      refuses.elements = true;
      await writer.write(withPart(two));
      expect(told).toEqual([
        'whole',
        '4 messages',
        `delete element ip t m { 1 }; add element ip t m { 1 : 3 }; ${STAMP}`,
      ]);
    });

    it('has nft say what is wrong with an element', async () => {
      const { told, writer } = both();
      await writer.write(withPart(one));
      await writer.write(withPart({ members: new Map([['m', new Map([['1', 'odd']])]]) }));
      expect(told).toEqual([
        'whole',
        `delete element ip t m { 1 }; add element ip t m { 1 : odd }; ${STAMP}`,
      ]);
    });
  });
});
