import { randomInt } from 'node:crypto';
import { decode, encode } from 'dns-packet';
import type { DnsCheck } from '../check.js';
import { exchangeDatagram } from './datagram.js';
import { failed, outside, passed, type Probe, type ProbeResult } from './probe.js';

/** RFC 1035 section 4.1.1, by number. */
const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];

/** Asks one question over UDP (RFC 1035); an answer with NOERROR passes, whether it has records or not. */
export function dnsProbe(check: DnsCheck): Probe {
  return (target, signal) => {
    const refusal = outside(target);
    if (refusal) return Promise.resolve(refusal);
    const id = randomInt(1, 65536);
    const query = encode({
      type: 'query',
      id,
      flags: 0x0100,
      questions: [{ name: check.name, type: check.type }],
    });
    return exchangeDatagram(target, signal, query, (answer) => judge(answer, id));
  };
}

/** @returns undefined for an answer to another question */
function judge(answer: Buffer, id: number): ProbeResult | undefined {
  if (answer.length < 12) return failed('the answer is no DNS message');
  if (answer.readUInt16BE(0) !== id || (answer.readUInt16BE(2) & 0x8000) === 0) return undefined;
  const rcode = answer.readUInt16BE(2) & 15;
  if (rcode !== 0) return failed(rcodes[rcode] ?? `RCODE ${rcode}`);
  try {
    const count = decode(answer).answers?.length ?? 0;
    return passed(`NOERROR, ${count} ${count === 1 ? 'record' : 'records'}`);
  } catch {
    return failed('the answer is no DNS message');
  }
}
