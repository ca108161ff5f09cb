import type { Rdata } from '../../wire/resource-record.js';

/** The data of one record, before it has an owner and a TTL. */
export interface Datum {
  readonly type: number;
  readonly rdata: Rdata;
}
