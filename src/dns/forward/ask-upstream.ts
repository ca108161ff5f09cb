import { CLASS, EDNS_OPTION, RCODE } from '../../wire/constants.js';
import type { EdnsOption } from '../../wire/edns.js';
import type { Message } from '../../wire/message.js';
import { encodeQuery, type WireQuestion } from '../../wire/query-message.js';
import type { ForwardQuestion } from './exchange.js';
import type { LoopMark } from './loop-mark.js';
import type { Outcome } from './outcome.js';
import { paddingFor } from './padding.js';
import type { Peer } from './peers.js';
import { exchangeTcp } from './tcp-exchange.js';
import { exchangeUdp } from './udp-exchange.js';

export interface AskContext {
  readonly nextId: () => number;
  readonly mark: LoopMark;
}

/**
 * Asks one upstream over TLS, or over UDP and TCP. Queries use EDNS unless the upstream cannot read it (RFC 6891
 * section 7). The client's own OPT is not forwarded (RFC 6891 section 6.2.6), nor is any client subnet in it (RFC 7871
 * section 11.1). AD is always set: it asks whether the data is authentic (RFC 6840 section 5.7).
 */
export async function askUpstream(
  peer: Peer,
  question: ForwardQuestion,
  context: AskContext,
  signal: AbortSignal,
): Promise<Outcome> {
  const ask = peer.channel ? askTls : askPlain;
  if (peer.health.plain) return ask(peer, question, context, false, signal);
  const outcome = await ask(peer, question, context, true, signal);
  if (!rejectsEdns(outcome)) return outcome;
  const plain = await ask(peer, question, context, false, signal);
  if (plain.kind === 'reply' && !rejectsEdns(plain)) peer.health.rejectsEdns();
  return plain;
}

function rejectsEdns(outcome: Outcome): boolean {
  if (outcome.kind !== 'reply' || outcome.message.edns !== undefined) return false;
  return outcome.message.rcode === RCODE.FORMERR || outcome.message.rcode === RCODE.NOTIMP;
}

/** Uses UDP first, and TCP if the reply was truncated or replies may be forged. */
async function askPlain(
  { upstream, cookie }: Peer,
  question: ForwardQuestion,
  { nextId, mark }: AskContext,
  withEdns: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const asked = wireQuestion(question);
  const query = (id: number) =>
    encode(id, question, withEdns ? [markOption(mark, question), cookie.option] : undefined);
  const isGenuine = (reply: Message) => !withEdns || cookie.accepts(reply);
  const overUdp = () => {
    const id = nextId();
    return exchangeUdp(upstream, query(id), id, asked, isGenuine, signal);
  };
  let outcome = await overUdp();
  // The reply contained the cookie for the next query (RFC 7873 section 5.3).
  if (isBadCookie(outcome)) outcome = await overUdp();
  if (outcome.kind !== 'truncated' && outcome.kind !== 'suspicious' && !isBadCookie(outcome)) return outcome;
  const id = nextId();
  const overTcp = await exchangeTcp(upstream, query(id), id, asked, signal);
  if (withEdns && overTcp.kind === 'reply') cookie.learn(overTcp.message);
  return overTcp;
}

function isBadCookie(outcome: Outcome): boolean {
  return outcome.kind === 'reply' && outcome.message.rcode === RCODE.BADCOOKIE;
}

/** One exchange over TLS, with no fallback to clear text (RFC 8310 section 5). Queries are padded (RFC 8467). */
async function askTls(
  { channel }: Peer,
  question: ForwardQuestion,
  { mark }: AskContext,
  withEdns: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  if (!channel) return { kind: 'network', detail: 'no TLS' };
  const options = [markOption(mark, question), { code: EDNS_OPTION.TCP_KEEPALIVE, data: new Uint8Array(0) }];
  const bare = encode(0, question, options).length;
  const padded = withEdns ? [...options, paddingFor(bare)] : undefined;
  return channel.exchange((id) => encode(id, question, padded), wireQuestion(question), signal);
}

function wireQuestion({ name, type }: ForwardQuestion): WireQuestion {
  return { name, type, class: CLASS.IN };
}

function markOption(mark: LoopMark, { marks }: ForwardQuestion): EdnsOption {
  return { code: EDNS_OPTION.LOOP_MARK, data: mark.append(marks) };
}

/** @param options undefined: no OPT */
function encode(id: number, question: ForwardQuestion, options: readonly EdnsOption[] | undefined): Buffer {
  const { dnssecOk, checkingDisabled } = question;
  const fields = { id, question: wireQuestion(question), ad: true, cd: checkingDisabled };
  return encodeQuery(options ? { ...fields, edns: { dnssecOk, options } } : fields);
}
