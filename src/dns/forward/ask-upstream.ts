import { CLASS, EDNS_OPTION, RCODE } from '../wire/constants.js';
import { encodeQuery } from '../wire/query.js';
import type { ForwardQuestion } from './exchange.js';
import type { UpstreamHealth } from './health.js';
import type { LoopMark } from './loop-mark.js';
import type { Outcome } from './outcome.js';
import { exchangeTcp } from './tcp-exchange.js';
import { exchangeUdp } from './udp-exchange.js';

export interface AskContext {
  readonly nextId: () => number;
  readonly mark: LoopMark;
}

/**
 * Asks one upstream: UDP with EDNS; without EDNS when the upstream cannot read it (RFC 6891 section 7); TCP when the
 * reply was cut off. The client's OPT goes no further than here (RFC 6891 section 6.2.6), and with it any client
 * subnet (RFC 7871 section 11.1). AD is always set: it asks whether the data is authentic (RFC 6840 section 5.7).
 */
export async function askUpstream(
  health: UpstreamHealth,
  question: ForwardQuestion,
  context: AskContext,
  signal: AbortSignal,
): Promise<Outcome> {
  if (health.plain) return askOnce(health, question, context, false, signal);
  const outcome = await askOnce(health, question, context, true, signal);
  if (!rejectsEdns(outcome)) return outcome;
  const plain = await askOnce(health, question, context, false, signal);
  if (plain.kind === 'reply' && !rejectsEdns(plain)) health.rejectsEdns();
  return plain;
}

function rejectsEdns(outcome: Outcome): boolean {
  if (outcome.kind !== 'reply' || outcome.message.edns !== undefined) return false;
  return outcome.message.rcode === RCODE.FORMERR || outcome.message.rcode === RCODE.NOTIMP;
}

async function askOnce(
  { upstream }: UpstreamHealth,
  { name, type, dnssecOk, checkingDisabled, marks }: ForwardQuestion,
  { nextId, mark }: AskContext,
  withEdns: boolean,
  signal: AbortSignal,
): Promise<Outcome> {
  const question = { name, type, class: CLASS.IN };
  const edns = { dnssecOk, options: [{ code: EDNS_OPTION.LOOP_MARK, data: mark.append(marks) }] };
  const encode = (id: number) =>
    encodeQuery({ id, question, ad: true, cd: checkingDisabled, ...(withEdns ? { edns } : {}) });
  const udpId = nextId();
  const outcome = await exchangeUdp(upstream, encode(udpId), udpId, question, signal);
  if (outcome.kind !== 'truncated' && outcome.kind !== 'suspicious') return outcome;
  const tcpId = nextId();
  return exchangeTcp(upstream, encode(tcpId), tcpId, question, signal);
}
