import { ipFromBytes } from '../../net/ip.js';
import { TYPE } from '../../wire/constants.js';
import { nameToText } from '../../wire/name-text.js';
import type { Rdata, ResourceRecord } from '../../wire/records.js';

const typeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(TYPE).map(([name, number]) => [number, name]),
);

/** A record in presentation format (RFC 1035 section 5.1), unknown data as RFC 3597 section 5 writes it. */
export function recordToText({ owner, type, ttl, rdata }: ResourceRecord): string {
  const typeName = typeNames.get(type) ?? `TYPE${type}`;
  return `${withDot(nameToText(owner))} ${ttl} IN ${typeName} ${rdataToText(rdata)}`;
}

function rdataToText(rdata: Rdata): string {
  const name = (target: Uint8Array) => withDot(nameToText(target));
  switch (rdata.kind) {
    case 'a':
    case 'aaaa':
      return ipFromBytes(rdata.address) ?? '';
    case 'cname':
    case 'ptr':
    case 'ns':
      return name(rdata.target);
    case 'soa': {
      const { serial, refresh, retry, expire, minimum } = rdata;
      return [name(rdata.mname), name(rdata.rname), serial, refresh, retry, expire, minimum].join(' ');
    }
    case 'srv':
      return `${rdata.priority} ${rdata.weight} ${rdata.port} ${name(rdata.target)}`;
    case 'mx':
      return `${rdata.preference} ${name(rdata.exchange)}`;
    case 'txt':
      return rdata.strings.map((text) => JSON.stringify(Buffer.from(text).toString('latin1'))).join(' ');
    case 'raw':
      return `\\# ${rdata.bytes.length} ${Buffer.from(rdata.bytes).toString('hex')}`.trimEnd();
  }
}

function withDot(name: string): string {
  return name === '.' ? name : `${name}.`;
}
