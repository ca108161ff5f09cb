import { randomInt } from 'node:crypto';
import { readU16 } from '../../wire/bytes.js';
import { CLASS, FLAG, HEADER_SIZE, RCODE, rcodeName, typeFromText } from '../../wire/constants.js';
import { decodeMessage } from '../../wire/message.js';
import { nameFromText } from '../../wire/name-text.js';
import { encodeQuery } from '../../wire/query-message.js';
import type { DnsCheck } from '../check.js';
import { exchangeDatagram } from './datagram.js';
import { failed, outside, passed, type Probe, type ProbeResult } from './probe.js';

/** Asks one question over UDP (RFC 1035). A reply with NOERROR passes, even without records. */
export function dnsProbe(check: DnsCheck): Probe {
  const name = nameFromText(check.name);
  const type = typeFromText(check.type);
  return (target, signal) => {
    const refusal = outside(target);
    if (refusal) return Promise.resolve(refusal);
    if (!name || type === undefined)
      return Promise.resolve(failed(`"${check.name} ${check.type}" is not a name and a record type`));
    const id = randomInt(1, 65536);
    const query = encodeQuery({ id, question: { name, type, class: CLASS.IN } });
    return exchangeDatagram(target, signal, query, (answer) => judge(answer, id));
  };
}

/** @returns undefined for a reply to another question */
function judge(answer: Buffer, id: number): ProbeResult | undefined {
  if (answer.length < HEADER_SIZE) return failed('the answer is not a DNS message');
  if (readU16(answer, 0) !== id || (readU16(answer, 2) & FLAG.QR) === 0) return undefined;
  const rcode = readU16(answer, 2) & 15;
  if (rcode !== RCODE.NOERROR) return failed(rcodeName(rcode));
  const decoded = decodeMessage(answer);
  if (!decoded.ok) return failed('the answer is not a DNS message');
  const count = decoded.message.answers.length;
  return passed(`NOERROR, ${count} ${count === 1 ? 'record' : 'records'}`);
}
