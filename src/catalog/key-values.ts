/** One pair of a key-value store. */
export interface KeyValue {
  /** Without a leading slash: `shop/limits/max`. */
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

/** The store is unreachable. */
export class KeyValuesAway extends Error {
  override readonly name = 'KeyValuesAway';
}

/** All pairs below a prefix at one revision of the store. */
export interface KeyValueView {
  /** Sorted by key, in byte order. */
  readonly pairs: readonly KeyValue[];
  /** The store's revision. Two views with the same revision are equal. */
  readonly revision: string;
}

/** What templates read with `key`, `ls` and `tree`: Consul's KV store, etcd. */
export interface KeyValues {
  /** @returns undefined when the key does not exist. @throws KeyValuesAway (one line) when the store is unreachable */
  get(key: string): Promise<KeyValue | undefined>;
  /** @param prefix used as it is: `shop/` for everything below `shop`. @throws KeyValuesAway */
  list(prefix: string): Promise<KeyValueView>;
  /**
   * Calls `onView` with the pairs below a prefix, once at the start and after each change. While the store is
   * unreachable, only `onAway` is called. Changes made meanwhile arrive afterwards as one view.
   * @param onAway receives one line when the store becomes unreachable; the watch continues
   * @returns ends the watch; no callback is called afterwards
   */
  watch(prefix: string, onView: (view: KeyValueView) => void, onAway: (why: string) => void): () => void;
}
