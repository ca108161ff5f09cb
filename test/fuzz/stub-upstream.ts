import type { Exchange, ForwardQuestion, ForwardResult } from '../../src/dns/forward/exchange.js';
import { CLASS, EDE, RCODE, TYPE } from '../../src/wire/constants.js';
import { decodeMessage } from '../../src/wire/message.js';
import { addressRecord } from '../support/address-record.js';
import { composeReply } from '../../src/wire/reply.js';
import { exampleSoa } from '../support/soa.js';

const UPSTREAM = { ip: '192.0.2.53', port: 53 };
/** An honest upstream: addresses for A, denials by the length of the name, NODATA for the rest, at times a failure. */
export const honestExchange: Exchange = (question) => Promise.resolve(answer(question));

function answer({ name, type }: ForwardQuestion): ForwardResult {
  if (name.length % 13 === 0) return failure('no reply from 192.0.2.53:53');
  const isDenied = name.length % 5 === 0;
  const answers = type === TYPE.A && !isDenied ? [addressRecord(name, 300, '192.0.2.1')] : [];
  const rcode = isDenied ? RCODE.NXDOMAIN : RCODE.NOERROR;
  const head = {
    id: 0,
    opcode: 0,
    rd: true,
    cd: false,
    ad: false,
    question: { name, type, class: CLASS.IN },
  };
  const authority = answers.length > 0 ? [] : [exampleSoa];
  return resultOf(composeReply(head, { rcode, ra: true, answers, authority }, 65_535).message);
}

/** What the forwarder makes of an upstream's message that can be read. */
export function resultOf(wire: Uint8Array): ForwardResult {
  const decoded = decodeMessage(wire);
  return decoded.ok
    ? { ok: true, message: decoded.message, upstream: UPSTREAM }
    : failure(`malformed reply: ${decoded.fault}`);
}

export function failure(text: string): ForwardResult {
  return { ok: false, rcode: RCODE.SERVFAIL, ede: { code: EDE.NETWORK_ERROR, text } };
}
