import type { DnsName } from './name.js';
import type { KindData, KindName } from './record-kinds.js';

/**
 * The data of a record. `kind` names a row of `record-kinds.ts`, whose fields are the other properties. Names in it are
 * uncompressed. `raw` is the wire form of any type without a row.
 */
export type Rdata =
  | { readonly [K in KindName]: { readonly kind: K } & KindData<K> }[KindName]
  | { readonly kind: 'raw'; readonly bytes: Uint8Array };

/** A record: `owner` in wire form, `ttl` in seconds (0..2^31-1), and data that fits `type`. */
export interface ResourceRecord {
  readonly owner: DnsName;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly rdata: Rdata;
}
