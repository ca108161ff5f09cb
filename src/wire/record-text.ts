import { typeName } from './constants.js';
import { absoluteName } from './fields.js';
import { recordKinds } from './record-kinds.js';
import type { Rdata, ResourceRecord } from './resource-record.js';

/** A record in presentation format (RFC 1035 section 5.1). */
export function recordToText({ owner, type, ttl, rdata }: ResourceRecord): string {
  return `${absoluteName(owner)} ${ttl} IN ${typeName(type)} ${rdataToText(rdata)}`;
}

/** Data in presentation format. Types without a row use the form of RFC 3597 section 5: `\# length hex`. */
export function rdataToText(rdata: Rdata): string {
  if (rdata.kind === 'raw')
    return `\\# ${rdata.bytes.length} ${Buffer.from(rdata.bytes).toString('hex')}`.trimEnd();
  return recordKinds.get(rdata.kind)?.format(rdata) ?? '';
}
