import { createForwarder } from '../../src/dns/forward/forwarder.js';
import { CLASS, typeFromText } from '../../src/wire/constants.js';
import { OPT_SIZE } from '../../src/wire/edns.js';
import { encodeQuery } from '../../src/wire/query-message.js';
import { name } from '../wire/helpers.js';
import { answersFacts } from './answers-facts.js';
import type { Observation, WireCase, WireSuite } from './case-file.js';
import { deviations } from './deviations.js';
import type { WireContext, WireExpectation, WireQuestion } from './expectation.js';
import { readRecommendation, unread } from './recommendations.js';
import type { CaseResult, Mismatch } from './result.js';
import { startStub, type StubUpstream } from './stub-upstream.js';
import { catalogOf, createSubject, type RecordText, type Reply, type Subject } from './subject.js';
import { replyFaults } from './wire-faults.js';

/** One upstream never answers one of the questions: it is given up soon. */
const TIMES = { hedge: 1200, deadline: 3000 };

/** Packets to a server that has what an answers file of rancher-dns says, with a stub for an upstream. */
export async function runWire({ id, fixture_answers, cases }: WireSuite): Promise<CaseResult[]> {
  const stubs = new Map<string, StubUpstream>();
  for (const label of Object.values(fixture_answers).flatMap(({ recurse }) => recurse)) {
    const port = label.split(':')[1] ?? '';
    stubs.set(port, await startStub(port));
  }
  const upstreamsOf = (recurse: readonly string[]) =>
    recurse
      .map((label) => stubs.get(label.split(':')[1] ?? '')?.address)
      .filter((address) => address !== undefined);
  const upstreams = upstreamsOf(fixture_answers['default']?.recurse ?? []);
  const fixture = answersFacts(fixture_answers, upstreamsOf);
  const catalog = catalogOf(fixture.facts);
  try {
    const results: CaseResult[] = [];
    for (const one of cases) {
      const ttl = Number(/^-ttl (\d+)$/m.exec(pairsOf(one.server_args))?.[1] ?? 600);
      const forwarder = createForwarder({
        upstreams,
        listen: [],
        ownNames: [name('rancher.internal')],
        times: TIMES,
      });
      const { records } = fixture;
      const subject = createSubject({ catalog, environment: 'default', ttl, records, forwarder });
      const context = contextOf(one, fixture_answers, ttl);
      for (const stub of stubs.values()) stub.takeQueries();
      const mismatches = await runCase(subject, context, stubs);
      results.push({ suite: id, name: one.id, mismatches });
    }
    return results;
  } finally {
    await Promise.all([...stubs.values()].map((stub) => stub.close()));
  }
}

/** Flags and their values, a pair a line. */
function pairsOf(args: readonly string[]): string {
  return args.map((arg, at) => (arg.startsWith('-') ? `${arg} ${args[at + 1] ?? ''}` : '')).join('\n');
}

function contextOf(one: WireCase, answers: WireSuite['fixture_answers'], ttl: number): WireContext {
  const question = questionOf(one);
  const cname = question && answers['default']?.cname[`${question.name}.`]?.answer;
  return {
    case: one,
    packet: packetOf(one, question),
    ...(question && { question }),
    knownClient: Object.hasOwn(answers, one.client),
    ...(cname === undefined ? {} : { cname }),
    ttl,
  };
}

function questionOf({ query }: WireCase): WireQuestion | undefined {
  const [owner, klass = '', type = ''] = query?.split(' ') ?? [];
  return owner === undefined ? undefined : { name: owner, class: klass, type };
}

function packetOf({ query_hex, edns_bufsize }: WireCase, question: WireQuestion | undefined): Uint8Array {
  if (!question) return Buffer.from(query_hex ?? '', 'hex');
  const klass = CLASS[question.class as keyof typeof CLASS];
  const wire = { name: name(question.name), type: typeFromText(question.type) ?? 0, class: klass };
  if (edns_bufsize === undefined) return encodeQuery({ id: 0x1234, question: wire });
  const packet = encodeQuery({ id: 0x1234, question: wire, edns: { dnssecOk: false, options: [] } });
  packet.writeUInt16BE(edns_bufsize, packet.length - OPT_SIZE + 3);
  return packet;
}

async function runCase(
  subject: Subject,
  context: WireContext,
  stubs: ReadonlyMap<string, StubUpstream>,
): Promise<Mismatch[]> {
  const { case: one, packet } = context;
  const recommended = readRecommendation(one.recommended);
  if (!recommended) return [unread(one.recommended)];
  const changes = [recommended, ...deviations];
  const faults: string[] = [];
  for (const observation of one.observed) {
    const expected = changes.reduce<WireExpectation>(
      (left, { wire }) => wire?.(left, context) ?? left,
      observedExpectation(observation, one),
    );
    const reply = await subject.send(packet, { address: one.client, transport: one.transport });
    const whole = reply?.flags.has('tc') ? await overTcp(subject, context) : undefined;
    const asked = [...stubs.values()].flatMap((stub) => [...stub.takeQueries()]);
    faults.push(...replyFaults(expected, { reply, whole, asked }, context));
  }
  return faults.length === 0 ? [] : [{ asked: 'reply', fault: faults.join('; ') }];
}

function overTcp(subject: Subject, { case: { client }, packet }: WireContext): Promise<Reply | undefined> {
  return subject.send(packet, { address: client, transport: 'tcp' });
}

/** Rancher's reply as it was. */
function observedExpectation(
  { rcode, flags, answer, answer_summary, authority }: Observation,
  { upstream_queries }: WireCase,
): WireExpectation {
  return {
    rcodes: [rcode],
    aa: flags.includes('aa'),
    ra: flags.includes('ra'),
    answers: answer_summary?.count ?? answer.map(readRecord),
    authority: authority.map(readRecord),
    // Fairlead asks with EDNS whatever the client did (RFC 6891 section 6.2.6).
    upstream: new Set(upstream_queries.map((query) => query.replace(' edns', ''))),
  };
}

function readRecord(text: string): RecordText {
  const [owner = '', ttl = '', type = '', ...data] = text.split(' ');
  return { owner, ttl: Number(ttl), type, data: data.join(' ') };
}
