import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEAD, lowerWord, mix } from '../../../src/dns/answers/entry.js';
import { keyAt, Store } from '../../../src/dns/answers/store.js';
import { slotOf, Versions } from '../../../src/dns/answers/versions.js';

const KIND = 1;

/** An entry with one word of key and one of body. */
function entry(key: number, value: number, versions: Versions, slot = slotOf('a'), hash = key): Int32Array {
  const words = new Int32Array(HEAD.words + 2 + 1 + 1);
  words[HEAD.hash] = hash;
  words[HEAD.size] = words.length;
  words[HEAD.kind] = KIND;
  words[HEAD.scope] = 7;
  words[HEAD.keyOctets] = 4;
  words[HEAD.epoch] = versions.epoch;
  words[HEAD.checked] = -1;
  words[HEAD.dependencies] = 1;
  words[HEAD.words] = key;
  words[HEAD.words + 1] = value;
  words[HEAD.words + 2] = slot;
  words[HEAD.words + 3] = versions.at(slot);
  return words;
}

function valueOf(store: Store, key: number, hash = key, scope = 7): number | undefined {
  store.key[0] = key;
  const at = store.find(hash, KIND, scope, 4);
  return at < 0 ? undefined : store.words[keyAt(at) + 1];
}

describe('the store', () => {
  it('finds the latest entry of a key, only for its scope', () => {
    const versions = new Versions();
    const store = new Store(versions, { words: 1024, entries: 64 });
    store.install(entry(1, 10, versions));
    store.install(entry(2, 20, versions));
    store.install(entry(1, 11, versions));
    expect([1, 2, 3].map((key) => valueOf(store, key))).toEqual([11, 20, undefined]);
    expect(valueOf(store, 1, 1, 8)).toBeUndefined();
  });

  it('distinguishes keys with equal hashes', () => {
    const versions = new Versions();
    const store = new Store(versions, { words: 4096, entries: 64 });
    for (let key = 0; key < 10; key++) store.install(entry(key, key * 10, versions, undefined, 5));
    expect(Array.from({ length: 10 }, (_, key) => valueOf(store, key, 5))).toEqual(
      Array.from({ length: 10 }, (_, key) => key * 10),
    );
  });

  it('finds all of many entries, even if they moved in the meantime', () => {
    const versions = new Versions();
    const store = new Store(versions, { words: 1 << 17, entries: 1 << 13 });
    for (let key = 0; key < 4000; key++) {
      store.install(entry(key, key, versions, undefined, mix(0, key)));
      if (key % 3 === 0) store.install(entry(key, key + 1, versions, undefined, mix(0, key)));
    }
    const found = Array.from({ length: 4000 }, (_, key) => valueOf(store, key, mix(0, key)));
    expect(found).toEqual(found.map((_, key) => (key % 3 === 0 ? key + 1 : key)));
  });

  it('returns nothing that depends on a change', () => {
    const versions = new Versions();
    const store = new Store(versions, { words: 1024, entries: 64 });
    store.install(entry(1, 10, versions, slotOf('services:web')));
    store.install(entry(2, 20, versions, slotOf('services:db')));
    store.refresh();
    versions.publish(new Set([slotOf('services:web')]), 0);
    expect([1, 2].map((key) => valueOf(store, key))).toEqual([undefined, 20]);
    store.refresh();
    expect([1, 2].map((key) => valueOf(store, key))).toEqual([undefined, 20]);
    versions.publish('all', 0);
    store.refresh();
    expect(valueOf(store, 2)).toBeUndefined();
  });

  it('keeps used entries when it is full, and never exceeds its space', () => {
    const versions = new Versions();
    const store = new Store(versions, { words: 512, entries: 64 });
    store.install(entry(1, 10, versions));
    for (let key = 2; key < 2000; key++) {
      store.install(entry(key, key, versions));
      expect(valueOf(store, 1)).toBe(10);
    }
    expect(valueOf(store, 2)).toBeUndefined();
    expect(valueOf(store, 1999)).toBe(1999);
  });

  it('never returns a replaced value', () => {
    const put = fc.record({ key: fc.nat(40), value: fc.nat(1000) });
    fc.assert(
      fc.property(fc.array(put, { maxLength: 200 }), (puts) => {
        const versions = new Versions();
        const store = new Store(versions, { words: 256, entries: 32 });
        const model = new Map<number, number>();
        // Few hashes, so that keys meet in the table.
        const hashOf = (key: number) => key % 5;
        for (const { key, value } of puts) {
          store.install(entry(key, value, versions, undefined, hashOf(key)));
          model.set(key, value);
          expect(valueOf(store, key, hashOf(key))).toBe(value);
          for (const [known, expected] of model) {
            const found = valueOf(store, known, hashOf(known));
            if (found !== undefined) expect(found).toBe(expected);
          }
        }
      }),
    );
  });
});

describe('lower case, word by word', () => {
  it('is the same as byte by byte', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (octets) => {
        const word = new Int32Array(new Uint8Array(octets).buffer)[0] ?? 0;
        const lowered = new Uint8Array(Int32Array.of(lowerWord(word)).buffer);
        expect([...lowered]).toEqual(
          [...octets].map((octet) => (octet >= 65 && octet <= 90 ? octet | 32 : octet)),
        );
      }),
    );
  });
});
