import { readU16 } from '../wire/bytes.js';
import { TYPE } from '../wire/constants.js';
import type { Message } from '../wire/message.js';
import { equalNames, type DnsName } from '../wire/name.js';
import type { ResourceRecord } from '../wire/records.js';

/** Longer chains are a loop or a mistake. */
const MAX_LINKS = 16;

/**
 * Picks from a reply what belongs to a name: its CNAMEs in the order of the chain, then the records of the type at the
 * chain's end; with `dnssecOk` their signatures. Whatever else the reply holds has no business here.
 */
export function collectChain(
  message: Message,
  start: DnsName,
  type: number,
  dnssecOk: boolean,
): readonly ResourceRecord[] {
  const collected: ResourceRecord[] = [];
  const take = (owner: DnsName, wanted: number): readonly ResourceRecord[] => {
    const found = message.answers.filter(
      (record) =>
        equalNames(record.owner, owner) &&
        (record.type === wanted || (dnssecOk && record.type === TYPE.RRSIG && covers(record, wanted))),
    );
    collected.push(...found);
    return found;
  };
  let name = start;
  for (let links = 0; links < MAX_LINKS; links++) {
    if (take(name, type).length > 0) break;
    const cname = take(name, TYPE.CNAME).find((record) => record.rdata.kind === 'cname');
    if (cname?.rdata.kind !== 'cname') break;
    name = cname.rdata.target;
  }
  return collected;
}

/** Whether a chain of CNAMEs, in its order, comes back to a name that it has passed. */
export function isLoop(chain: readonly ResourceRecord[]): boolean {
  const cnames = chain.flatMap(({ owner, rdata }) =>
    rdata.kind === 'cname' ? [{ owner, target: rdata.target }] : [],
  );
  const last = cnames.at(-1);
  return last !== undefined && cnames.some(({ owner }) => equalNames(owner, last.target));
}

/** The type that a signature is for comes first in its data (RFC 4034 section 3.1). */
function covers({ rdata }: ResourceRecord, type: number): boolean {
  return rdata.kind === 'raw' && readU16(rdata.bytes, 0) === type;
}
