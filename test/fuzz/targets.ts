import { createCache } from '../../src/dns/forward/cache.js';
import type { Exchange } from '../../src/dns/forward/exchange.js';
import { createRebindFilter } from '../../src/dns/forward/rebind.js';
import { scrubReply, withoutData } from '../../src/dns/forward/scrub.js';
import type { QueryLogEntry } from '../../src/dns/server/query-log.js';
import type { Responder } from '../../src/dns/server/responder.js';
import { CLASS, RCODE, rcodeName, TYPE } from '../../src/wire/constants.js';
import { answersQuestion, decodeMessage, type Message } from '../../src/wire/message.js';
import { equalNames, isAtOrBelow } from '../../src/wire/name.js';
import { DOMAIN, STACK } from '../conformance/golden/fixture.js';
import type { FuzzCase, Verdict } from './fuzz-case.js';
import { STRANGER } from './generate.js';
import { broken, checkReply, type Violation } from './invariants.js';
import { checkDecoded } from './round-trip.js';
import { failure, honestExchange, resultOf } from './stub-upstream.js';
import { createSubject, type Subject } from './subject.js';
import { wire } from './wire-names.js';

/** Puts cases to the code under test and holds the outcome to the rules. */
export interface Bench {
  run(fuzzCase: FuzzCase): Promise<Verdict>;
  /** Faults that became SERVFAIL so far; a rule of its own, and counted here as the daemon counts them. */
  faults(): number;
}

const domain = wire(DOMAIN);
const alias = wire(`ext.${STACK}.${DOMAIN}`);
/** Seconds of TTL that records of the golden zone have. */
const OWN_TTL = 1;

export function createBench(): Bench {
  const own = createSubject({ exchange: honestExchange });
  let reply: Buffer = Buffer.alloc(0);
  let clock = 0;
  let cache = createCache(honestExchange);
  const relaying = createSubject({
    exchange: (question) => cache.exchange(question),
    lookup: (question) => cache.lookup(question),
  });
  const rebind = createRebindFilter(
    { ownNetworks: () => [], allow: [] },
    { warn: () => undefined },
    () => clock,
  );

  /** What the forwarder does with an upstream that says the packet of the case, whatever the question's ID is. */
  const upstream: Exchange = (question) => {
    const result = resultOf(Buffer.from(reply));
    if (!result.ok) return Promise.resolve(result);
    const { message } = result;
    const isReply = answersQuestion(message, message.id, { ...question, class: CLASS.IN });
    const isFinal = message.rcode === RCODE.NOERROR || message.rcode === RCODE.NXDOMAIN;
    if (!isReply || !isFinal) return Promise.resolve(failure('not a reply to the question'));
    const scrubbed = scrubReply(message, question, [domain]);
    if (!scrubbed.ok) return Promise.resolve(failure(scrubbed.fault));
    const isInner = rebind.blocks(question.name, scrubbed.message, result.upstream);
    return Promise.resolve({
      ...result,
      message: isInner ? withoutData(scrubbed.message) : scrubbed.message,
    });
  };

  const runUpstream = async (fuzzCase: FuzzCase, query: Buffer): Promise<Verdict> => {
    reply = fuzzCase.packet;
    clock += 1_000_000;
    cache = createCache(upstream, { timers: { now: () => clock, after: () => () => undefined } });
    const asked = { ...fuzzCase, packet: query };
    const first = await runQuery(relaying, asked, true);
    clock += 2000;
    const second = first.violation ? first : await runQuery(relaying, asked, true);
    const violation = second.violation ?? checkRelayed(fuzzCase.packet, first.message, second.message);
    return { outcome: second.outcome, ...(violation && { violation }) };
  };

  return {
    run(fuzzCase) {
      switch (fuzzCase.target) {
        case 'query':
          return runQuery(own, fuzzCase, false);
        case 'decode':
          return Promise.resolve(runDecode(fuzzCase));
        case 'upstream':
          return runUpstream(fuzzCase, fuzzCase.query ?? Buffer.alloc(0));
      }
    },
    faults: () => own.responder.counters().faults + relaying.responder.counters().faults,
  };
}

async function runQuery(
  subject: Subject,
  { packet, client }: FuzzCase,
  relayed: boolean,
): Promise<Verdict & { readonly message?: Message }> {
  const received = Buffer.from(packet);
  const answered = await respond(subject.responder, received, client);
  if ('violation' in answered) return answered;
  const { reply } = answered;
  const fault = subject.takeFault();
  const violation =
    (fault === undefined ? undefined : broken('no fault inside', stackOf(fault))) ??
    (answered.touched ? broken('the packet left as it was', received.toString('hex')) : undefined) ??
    checkLogged(subject.takeLogged()) ??
    checkReply(packet, reply, {
      transport: client.transport,
      relayed,
      isStranger: client.address === STRANGER,
    });
  const decoded = reply && decodeMessage(reply, { records: 65_535 });
  const message = decoded?.ok ? decoded.message : undefined;
  return { outcome: outcomeOf(message), ...(message && { message }), ...(violation && { violation }) };
}

/** The packet is overwritten as soon as the call returns, as a receive buffer is. */
async function respond(
  responder: Responder,
  received: Buffer,
  client: FuzzCase['client'],
): Promise<
  | { readonly reply: Buffer | undefined; readonly touched: boolean }
  | (Verdict & { readonly violation: Violation })
> {
  const before = Buffer.from(received);
  try {
    const pending = responder.respond(received, { ...client, idleTime: () => 10_000 });
    const touched = !received.equals(before);
    received.fill(0xaa);
    return { reply: await pending, touched };
  } catch (error) {
    return { outcome: 'thrown', violation: broken('nothing thrown', stackOf(error)) };
  }
}

function runDecode({ packet }: FuzzCase): Verdict {
  const before = Buffer.from(packet);
  try {
    const decoded = decodeMessage(packet);
    if (!packet.equals(before))
      return { outcome: 'touched', violation: broken('the packet left as it was', '') };
    if (!decoded.ok) return { outcome: decoded.fault };
    const violation = checkDecoded(packet, decoded.message);
    return { outcome: 'decoded', ...(violation && { violation }) };
  } catch (error) {
    return { outcome: 'thrown', violation: broken('nothing thrown', stackOf(error)) };
  }
}

/** What an operator's log gets is printable, whatever the query has in it. */
function checkLogged(entry: QueryLogEntry | undefined): Violation | undefined {
  const texts = entry ? [entry.name ?? '', entry.type ?? '', entry.client ?? '', entry.rcode] : [];
  const bad = texts.find((text) => !/^[!-~]*$/.test(text));
  return bad === undefined ? undefined : broken('printable text in the log', JSON.stringify(bad));
}

/** What a client is told on behalf of an upstream, from it and then from the cache. */
function checkRelayed(original: Buffer, ...told: readonly (Message | undefined)[]): Violation | undefined {
  const decoded = decodeMessage(original);
  for (const message of told) {
    if (!message) continue;
    const records = recordsOf(message);
    const own = records.find(
      ({ owner, type }) => isAtOrBelow(owner, domain) && !(type === TYPE.CNAME && equalNames(owner, alias)),
    );
    if (own)
      return broken('nothing of an upstream under our names', Buffer.from(message.wire).toString('hex'));
    const inner = records.find(({ rdata }) => rdata.kind === 'a' && rdata.address[0] === 10);
    if (inner) return broken('no inner address of an upstream', Buffer.from(message.wire).toString('hex'));
    if (!decoded.ok) continue;
    const [given, most] = [highestTtl(message), Math.max(OWN_TTL, highestTtl(decoded.message))];
    if (given > most) return broken('no TTL above that of the upstream', `${given} > ${most}`);
  }
  return undefined;
}

const recordsOf = ({ answers, authority, additionals }: Message) => [
  ...answers,
  ...authority,
  ...additionals,
];
const highestTtl = (message: Message) => recordsOf(message).reduce((top, { ttl }) => Math.max(top, ttl), 0);

function outcomeOf(message: Message | undefined): string {
  if (!message) return 'silence';
  const cut = (message.flags & 0x0200) !== 0 ? ' cut' : '';
  const data = message.rcode === RCODE.NOERROR && message.answers.length === 0 ? ' without data' : '';
  return rcodeName(message.rcode) + data + cut;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
