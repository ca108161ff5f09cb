import { CLASS, TYPE } from '../../src/wire/constants.js';
import { nameFromText } from '../../src/wire/name-text.js';
import type { ResourceRecord } from '../../src/wire/resource-record.js';

export function wireName(text: string): Uint8Array {
  const name = nameFromText(text);
  if (!name) throw new Error(`not a name: ${text}`);
  return name;
}

const example = wireName('example');

/** The SOA of `example`, for the denials of an upstream. */
export const exampleSoa: ResourceRecord = {
  owner: example,
  type: TYPE.SOA,
  class: CLASS.IN,
  ttl: 60,
  rdata: {
    kind: 'soa',
    mname: example,
    rname: example,
    serial: 1,
    refresh: 1,
    retry: 1,
    expire: 1,
    minimum: 60,
  },
};
