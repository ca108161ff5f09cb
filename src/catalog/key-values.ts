/** One pair of a key-value store. */
export interface KeyValue {
  /** Without a slash in front: `shop/limits/max`. */
  readonly key: string;
  readonly value: string;
  /** The value as it is stored, where it is not UTF-8. */
  readonly bytes?: Uint8Array;
  /** Grows with each change of the pair; opaque otherwise. */
  readonly revision: string;
  /** What Consul keeps with a pair; other stores leave it out. */
  readonly details?: KeyValueDetails;
}

/** Numbers of Consul's own, which templates may print. */
export interface KeyValueDetails {
  readonly createIndex: bigint;
  readonly modifyIndex: bigint;
  readonly lockIndex: bigint;
  readonly flags: bigint;
  /** Of the session that holds the lock. */
  readonly session?: string;
}

/** A store cannot be asked. */
export class KeyValuesAway extends Error {
  override readonly name = 'KeyValuesAway';
}

/** All pairs below a prefix at one revision of the store. */
export interface KeyValueView {
  /** By key, in the order of the keys' bytes. */
  readonly pairs: readonly KeyValue[];
  /** Of the store; two views with one revision are equal. */
  readonly revision: string;
}

/** What templates read with `key`, `ls` and `tree`: Consul's KV store, etcd. */
export interface KeyValues {
  /** @returns undefined when there is no such key. @throws KeyValuesAway (one line) when the store cannot be asked */
  get(key: string): Promise<KeyValue | undefined>;
  /** @param prefix as it is: `shop/` for what is below `shop`. @throws KeyValuesAway */
  list(prefix: string): Promise<KeyValueView>;
  /**
   * Calls back with the pairs below a prefix, once at the start and after each change. While the store is away nothing is
   * called but `onAway`; what changed meanwhile arrives afterwards, as one view.
   * @param onAway receives one line when the store is lost; the watch goes on
   * @returns ends the watch: nothing is called afterwards
   */
  watch(prefix: string, onView: (view: KeyValueView) => void, onAway: (why: string) => void): () => void;
}
