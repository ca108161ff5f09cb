import * as entryShape from './entry.js';
import { keyAt, type Store } from './store.js';

// Constants of this file; answerer.ts explains why.
const { CLIENT, CLIENT_BODY, mix } = entryShape;

/** struct sockaddr_in's family; the other one is IPv6. */
const AF_INET = 2;

/** The remembered data of a client, in words. It is valid until something changes. */
const RECENT = { address: 0, revision: 1, networks: 2, own: 3, words: 4 } as const;

/** Finds the scopes of a client's answers by its source address. */
export class Clients {
  readonly #store: Store;
  readonly #words: Int32Array;
  /** The latest clients, by the last byte of their address, which saves a lookup. Place 0 is for all others. */
  readonly #recent = new Int32Array(new ArrayBuffer(257 * RECENT.words * 4)).fill(-1);

  /** @param words the memory with the source addresses */
  constructor(store: Store, words: Int32Array) {
    this.#store = store;
    this.#words = words;
  }

  /**
   * @param nameAt the offset of the `sockaddr` in bytes, a multiple of 4
   * @param revision data remembered before this revision is discarded
   * @returns an index for {@link networks} and {@link own}; -1 if the client is not known
   */
  find(nameAt: number, revision: number): number {
    const words = this.#words;
    const name = nameAt >> 2;
    if (((words[name] ?? 0) & 0xffff) !== AF_INET) {
      const { key } = this.#store;
      for (let i = 0; i < 4; i++) key[i] = words[name + 2 + i] ?? 0;
      return this.#look(4, 0, 0, revision);
    }
    const address = words[name + 1] ?? 0;
    const recent = this.#recent;
    const at = ((address >>> 24) + 1) * RECENT.words;
    if (recent[at + RECENT.address] === address && recent[at + RECENT.revision] === revision) return at;
    this.#store.key[0] = address;
    return this.#look(1, at, address, revision);
  }

  /** The scope of answers that are the same for all clients on these networks. */
  networks(client: number): number {
    return this.#recent[client + RECENT.networks] ?? 0;
  }

  /** The scope of answers that depend on more. */
  own(client: number): number {
    return this.#recent[client + RECENT.own] ?? 0;
  }

  /** Finds the client whose address is the store's key, and remembers it. */
  #look(count: number, at: number, address: number, revision: number): number {
    const store = this.#store;
    let hash = CLIENT as number;
    for (let i = 0; i < count; i++) hash = mix(hash, store.key[i] ?? 0);
    const found = store.find(hash, CLIENT, 0, count * 4);
    if (found < 0) return -1;
    const { words } = store;
    const body = keyAt(found) + count;
    const recent = this.#recent;
    recent[at + RECENT.address] = address;
    recent[at + RECENT.revision] = revision;
    recent[at + RECENT.networks] = words[body + CLIENT_BODY.networks] ?? 0;
    recent[at + RECENT.own] = words[body + CLIENT_BODY.own] ?? 0;
    return at;
  }
}
