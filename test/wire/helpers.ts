import { CLASS, TYPE } from '../../src/wire/constants.js';
import { decodeMessage, type Message } from '../../src/wire/message.js';
import type { DnsName } from '../../src/wire/name.js';
import { nameFromText } from '../../src/wire/name-text.js';
import { encodeQuery, parseQuery, type Query, type QueryFields } from '../../src/wire/query-message.js';
import { addressRecord } from '../support/address-record.js';
import type { ResourceRecord } from '../../src/wire/resource-record.js';

export function name(text: string): DnsName {
  const wire = nameFromText(text);
  if (wire === undefined) throw new Error(`not a name: ${text}`);
  return wire;
}

export function hex(bytes: Uint8Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes).toString('hex');
}

export function unhex(text: string): Buffer {
  return Buffer.from(text.replace(/\s/g, ''), 'hex');
}

export function query(text: string, type: number, fields: Partial<QueryFields> = {}): Buffer {
  return encodeQuery({ id: 0x1234, question: { name: name(text), type, class: CLASS.IN }, ...fields });
}

export function parsed(packet: Uint8Array): Query {
  const result = parseQuery(packet);
  if (!result.ok) throw new Error(`not a query: ${result.fault}`);
  return result.query;
}

export function decoded(packet: Uint8Array): Message {
  const result = decodeMessage(packet);
  if (!result.ok) throw new Error(`not a message: ${result.fault} at ${result.offset}`);
  return result.message;
}

export function a(owner: string, address: string, ttl = 1): ResourceRecord {
  return addressRecord(name(owner), ttl, address);
}

export function manyA(owner: string, count: number): ResourceRecord[] {
  return Array.from({ length: count }, (_, i) => a(owner, `10.0.${i >> 8}.${i & 255}`));
}

export function cname(owner: string, target: string): ResourceRecord {
  return {
    owner: name(owner),
    type: TYPE.CNAME,
    class: CLASS.IN,
    ttl: 1,
    rdata: { kind: 'cname', target: name(target) },
  };
}

export function srv(owner: string, target: string, port = 80): ResourceRecord {
  return {
    owner: name(owner),
    type: TYPE.SRV,
    class: CLASS.IN,
    ttl: 1,
    rdata: { kind: 'srv', priority: 0, weight: 1, port, target: name(target) },
  };
}

export function soa(owner: string): ResourceRecord {
  return {
    owner: name(owner),
    type: TYPE.SOA,
    class: CLASS.IN,
    ttl: 1,
    rdata: {
      kind: 'soa',
      mname: name(`ns.${owner}`),
      rname: name(`hostmaster.${owner}`),
      serial: 1,
      refresh: 3600,
      retry: 600,
      expire: 86400,
      minimum: 5,
    },
  };
}
