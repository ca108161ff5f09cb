import { rcodeName, typeFromText } from '../../src/wire/constants.js';
import type { ResourceRecord } from '../../src/wire/resource-record.js';
import type { WireContext, WireExpectation } from './expectation.js';
import { stubAnswer } from './stub-upstream.js';
import { recordText, type RecordText } from './subject.js';

/** The label of the upstream that is asked for clients without one of their own. */
const DEFAULT_UPSTREAM = '5301';

/** A denial from our own data, without a question to anybody. */
export function ownDenial(...rcodes: readonly string[]): WireExpectation {
  return { rcodes, aa: true, ra: true, answers: [], authority: 'soa', upstream: new Set() };
}

/** What the upstream has to say to the question, handed on. */
export function forwarded({ question }: WireContext): WireExpectation | undefined {
  return question && { ...upstreamPart(question.name.toLowerCase(), question.type), aa: false };
}

/** A CNAME of ours with what the upstream says of its target; the rcode is the target's (RFC 6604 section 3). */
export function chased({ question, cname, ttl }: WireContext): WireExpectation | undefined {
  if (!question || cname === undefined) return undefined;
  const { answers, ...rest } = upstreamPart(cname.replace(/\.$/, '').toLowerCase(), question.type);
  const link: RecordText = { owner: `${question.name}.`, ttl, type: 'CNAME', data: cname };
  return { ...rest, aa: true, answers: [link, ...answers], authority: 'any' };
}

function upstreamPart(
  name: string,
  type: string,
): WireExpectation & { readonly answers: readonly RecordText[] } {
  const answer = stubAnswer(name, typeFromText(type) ?? 0);
  const transports = answer?.cutOff === undefined ? ['udp'] : ['udp', 'tcp'];
  const upstream = new Set(transports.map((each) => `${name}. ${type} ${each} @${DEFAULT_UPSTREAM}`));
  const texts = (records: readonly ResourceRecord[] = []) => records.map(recordText);
  return {
    rcodes: [answer ? rcodeName(answer.rcode) : 'SERVFAIL'],
    aa: false,
    ra: true,
    answers: texts(answer?.answers),
    authority: texts(answer?.authority),
    upstream,
  };
}
