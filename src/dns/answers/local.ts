import { randomInt } from 'node:crypto';
import { ipBytes } from '../../net/ip.js';
import { createAnswerer, type Answerer } from './answerer.js';
import type { Compiler } from './compiler.js';
import { Store, type StoreOptions } from './store.js';
import { Tally } from './tally.js';
import type { Versions } from './versions.js';

/** The longest query considered, in bytes. Longer ones have options, which the slow path handles. */
const ROOM = 512;
/** A reply, plus the bytes that copying by words may write after it. */
const REPLY_ROOM = 1280;
const NAME_AT = REPLY_ROOM;
const AF_INET = 2;
const AF_INET6 = 10;

/** The number of client addresses whose bytes are remembered. */
const MAX_ADDRESSES = 10_000;

export interface LocalAnswersOptions {
  readonly versions: Versions;
  readonly compiler: Compiler;
  /** Seconds of the compiler's clock. */
  readonly now: () => number;
  readonly store?: StoreOptions;
}

/** The hot path for packets received one by one, in the thread that also compiles. */
export class LocalAnswers {
  readonly tally = new Tally();
  readonly #store: Store;
  readonly #answerer: Answerer;
  readonly #compiler: Compiler;
  readonly #now: () => number;
  readonly #octets: Uint8Array;
  readonly #addresses = new Map<string, Uint8Array>();

  constructor({ versions, compiler, now, store }: LocalAnswersOptions) {
    const memory = new ArrayBuffer(NAME_AT + 32);
    this.#octets = new Uint8Array(memory);
    this.#store = new Store(versions, store);
    this.#compiler = compiler;
    this.#now = now;
    this.#answerer = createAnswerer({
      store: this.#store,
      versions,
      tally: this.tally,
      octets: this.#octets,
      words: new Int32Array(memory),
      seed: randomInt(1, 2 ** 31),
    });
    this.#answerer.begin(now());
  }

  /** Decides at random whether the query log samples the next query, which is then not answered here. */
  isSampled(): boolean {
    return this.#answerer.isSampled();
  }

  /**
   * @param address of the client, canonical
   * @returns the reply; undefined if it is not known here
   */
  answer(packet: Uint8Array, address: string): Buffer | undefined {
    if (packet.length > ROOM) return undefined;
    const octets = this.#octets;
    octets.set(packet);
    this.#writeAddress(address);
    this.#answerer.begin(this.#now());
    const length = this.#answerer.answer(0, packet.length, NAME_AT);
    return length > 0 ? Buffer.from(octets.subarray(0, length)) : undefined;
  }

  /** Prepares to answer the same query the next time. */
  learn(packet: Uint8Array, address: string): void {
    const { client, answer } = this.#compiler.compile(packet, address);
    if (client) this.#store.install(client);
    if (answer) this.#store.install(answer);
  }

  install(entry: Int32Array): void {
    this.#store.install(entry);
  }

  /** In the form of a `sockaddr`, as far as the answerer reads it. */
  #writeAddress(address: string): void {
    let bytes = this.#addresses.get(address);
    if (!bytes) {
      if (this.#addresses.size >= MAX_ADDRESSES) this.#addresses.clear();
      bytes = ipBytes(address);
      this.#addresses.set(address, bytes);
    }
    const isIp4 = bytes.length === 4;
    this.#octets[NAME_AT] = isIp4 ? AF_INET : AF_INET6;
    this.#octets.set(bytes, NAME_AT + (isIp4 ? 4 : 8));
  }
}
