import type { WireContext, WireExpectation } from './expectation.js';
import { listFault } from './result.js';
import type { RecordText, Reply } from './subject.js';

/** The largest reply over UDP (reference/dns.md section 1, items 23 to 26). */
const PLAIN_UDP_SIZE = 512;
const EDNS_UDP_SIZE = 1232;
/** Bytes of an A record whose owner is a pointer. */
const A_RECORD_SIZE = 16;

export interface Got {
  readonly reply: Reply | undefined;
  /** The reply over TCP when the one over UDP was cut off. */
  readonly whole: Reply | undefined;
  /** What the upstreams were asked. */
  readonly asked: readonly string[];
}

/** What is wrong with a reply, one phrase a fault. */
export function replyFaults(expected: WireExpectation, got: Got, context: WireContext): string[] {
  const { reply, whole, asked } = got;
  if (!reply) return expected.rcodes.length === 0 ? [] : ['expected a reply, got silence'];
  if (expected.rcodes.length === 0) return [`expected silence, got ${reply.rcode}`];
  const flags = { aa: expected.aa, ra: expected.ra, qr: true };
  const faults = [
    expected.rcodes.includes(reply.rcode)
      ? undefined
      : `expected ${expected.rcodes.join(' or ')}, got ${reply.rcode}`,
    ...Object.entries(flags).map(([flag, set]) =>
      set === undefined || set === reply.flags.has(flag)
        ? undefined
        : `expected ${flag} ${set ? 'set' : 'clear'}`,
    ),
    (context.case.edns_bufsize !== undefined) === reply.hasOpt
      ? undefined
      : 'expected an OPT record in the reply if there is one in the query',
    reply.flags.has('tc') ? cutOffFault(reply, whole, context) : undefined,
    answersFault(expected, whole ?? reply, context),
    ownersFault(reply, context),
    authorityFault(expected, reply, context),
  ];
  const upstream = listFault(expected.upstream, asked);
  return [...faults, upstream && `upstream: ${upstream}`].filter((fault) => fault !== undefined);
}

/** TC comes with as many records as fit, and TCP has them all (reference/dns.md section 1, item 35). */
function cutOffFault(reply: Reply, whole: Reply | undefined, { case: one }: WireContext): string | undefined {
  const size = one.edns_bufsize;
  const limit = size === undefined ? PLAIN_UDP_SIZE : Math.min(Math.max(size, PLAIN_UDP_SIZE), EDNS_UDP_SIZE);
  if (one.transport === 'tcp') return 'expected no TC over TCP';
  if (reply.size > limit) return `expected ${limit} octets at most, got ${reply.size}`;
  if (reply.size + A_RECORD_SIZE <= limit)
    return `expected no TC, as one more record fits into ${limit} octets`;
  return whole && !whole.flags.has('tc') ? undefined : 'expected the whole answer over TCP';
}

function answersFault(
  { answers, upstream }: WireExpectation,
  reply: Reply,
  { question }: WireContext,
): string | undefined {
  if (typeof answers === 'number') {
    if (reply.answers.length !== answers) return `expected ${answers} answers, got ${reply.answers.length}`;
    const types = new Set(['CNAME', question?.type === 'ANY' ? 'HINFO' : question?.type]);
    return reply.answers.every(({ type }) => types.has(type)) ? undefined : 'answers of another type';
  }
  // Rancher took a second off every answer of an upstream at once (reference/rancher.md 1.6).
  const fresh = ({ ttl, ...record }: RecordText) =>
    upstream.size > 0 && reply.answers.some((each) => same(each, record) && each.ttl === ttl + 1)
      ? { ...record, ttl: ttl + 1 }
      : { ...record, ttl };
  return listFault(answers.map(fresh).map(line), reply.answers.map(line));
}

type WithoutTtl = Omit<RecordText, 'ttl'>;

function same(a: WithoutTtl, b: WithoutTtl): boolean {
  return a.type === b.type && a.data === b.data && a.owner.toLowerCase() === b.owner.toLowerCase();
}

function line({ owner, ttl, type, data }: RecordText): string {
  return `[${owner.toLowerCase()} ${ttl} ${type} ${data}]`;
}

/** Records at the name that was asked have it as it was asked, case and all (reference/dns.md section 1, item 19). */
function ownersFault({ answers }: Reply, { question }: WireContext): string | undefined {
  if (!question) return undefined;
  const asked = `${question.name}.`;
  const wrong = answers.find(({ owner }) => owner.toLowerCase() === asked.toLowerCase() && owner !== asked);
  return wrong && `expected the owner ${asked}, got ${wrong.owner}`;
}

function authorityFault(
  { authority }: WireExpectation,
  reply: Reply,
  { question }: WireContext,
): string | undefined {
  if (authority === 'any') return undefined;
  if (authority !== 'soa') return listFault(authority.map(line), reply.authority.map(line));
  const [soa, ...more] = reply.authority;
  if (soa?.type !== 'SOA' || more.length > 0) return 'expected one SOA in the authority section';
  const below = `.${question?.name.toLowerCase() ?? ''}.`.endsWith(soa.owner === '.' ? '.' : `.${soa.owner}`);
  return below ? undefined : `expected the SOA of a zone above the name, got that of ${soa.owner}`;
}
