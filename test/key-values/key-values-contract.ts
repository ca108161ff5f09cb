import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KeyValuesAway, type KeyValues, type KeyValueView } from '../../src/catalog/key-values.js';

/** A store, as the contract sees it. */
export interface StoreWorld {
  readonly store: KeyValues;
  put(key: string, value: string): Promise<void> | void;
  remove(key: string): Promise<void> | void;
  away(): Promise<void> | void;
  back(): Promise<void> | void;
  close(): Promise<void> | void;
}

/** What every key-value store does, wherever the pairs are. */
export function describeKeyValues(name: string, open: () => Promise<StoreWorld>): void {
  describe(`the contract of key-value stores: ${name}`, () => {
    let world: StoreWorld;
    let ends: (() => void)[];
    beforeEach(async () => {
      world = await open();
      ends = [];
    });
    afterEach(async () => {
      for (const end of ends) end();
      await world.close();
    });

    const watch = (prefix: string) => {
      const seen: KeyValueView[] = [];
      const lost: string[] = [];
      const end = world.store.watch(
        prefix,
        (view) => seen.push(view),
        (why) => lost.push(why),
      );
      ends.push(end);
      const texts = () => (seen.at(-1)?.pairs ?? []).map(({ key, value }) => `${key}=${value}`);
      const shows = async (...expected: string[]) => {
        while (seen.length === 0 || JSON.stringify(texts()) !== JSON.stringify(expected)) await turn();
      };
      return { seen, lost, end, shows };
    };

    it('gets a value, an empty value and a missing one', async () => {
      await world.put('shop/max', '7 ☃');
      await world.put('shop/empty', '');
      expect(await world.store.get('shop/max')).toMatchObject({ key: 'shop/max', value: '7 ☃' });
      expect(await world.store.get('shop/empty')).toMatchObject({ value: '' });
      expect(await world.store.get('shop')).toBeUndefined();
      expect(await world.store.get('shop/a b/ö?#')).toBeUndefined();
    });

    it('lists what is below a prefix, in the order of the keys', async () => {
      for (const key of ['shop/b', 'shop/a/x', 'shopping', 'shop/a.b', 'other']) await world.put(key, key);
      const { pairs } = await world.store.list('shop/');
      expect(pairs.map(({ key }) => key)).toEqual(['shop/a.b', 'shop/a/x', 'shop/b']);
      expect((await world.store.list('nothing/')).pairs).toEqual([]);
    });

    it('gives a pair a new revision with each change, and no other pair', async () => {
      await world.put('shop/a', '1');
      await world.put('shop/b', '1');
      const before = await world.store.get('shop/a');
      await world.put('shop/b', '2');
      expect(await world.store.get('shop/a')).toEqual(before);
      await world.put('shop/a', '2');
      expect((await world.store.get('shop/a'))?.revision).not.toBe(before?.revision);
    });

    it('watches: the present pairs, each change, and nothing of other prefixes', async () => {
      await world.put('shop/a', '1');
      const { shows, seen } = watch('shop/');
      await shows('shop/a=1');
      await world.put('shop/b', '2');
      await shows('shop/a=1', 'shop/b=2');
      await world.remove('shop/a');
      await shows('shop/b=2');
      expect(new Set(seen.map(({ revision }) => revision)).size).toBe(seen.length);
    });

    it('watches a prefix that does not exist yet', async () => {
      const { shows } = watch('later/');
      await shows();
      await world.put('later/a', '1');
      await shows('later/a=1');
    });

    it('throws one line when it is unreachable', async () => {
      await world.away();
      await expect(world.store.get('shop/a')).rejects.toThrow(KeyValuesAway);
      await expect(world.store.list('shop/')).rejects.toThrow(/^[^\n]+$/);
    });

    it('reports that a watch is interrupted, and catches up with one view', async () => {
      await world.put('shop/a', '1');
      const { shows, lost } = watch('shop/');
      await shows('shop/a=1');
      await world.away();
      while (lost.length === 0) await turn();
      expect(lost[0]).toMatch(/^[^\n]+$/);
      await world.back();
      await world.put('shop/a', '2');
      await shows('shop/a=2');
    });

    it('calls nothing once a watch has ended', async () => {
      await world.put('shop/a', '1');
      const { shows, seen, lost, end } = watch('shop/');
      await shows('shop/a=1');
      end();
      const calls = [seen.length, lost.length];
      await world.put('shop/a', '2');
      await world.store.list('shop/');
      expect([seen.length, lost.length]).toEqual(calls);
    });
  });
}
