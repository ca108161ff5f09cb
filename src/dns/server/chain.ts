import { EDE, RCODE } from '../../wire/constants.js';
import type { Message } from '../../wire/message.js';
import { equalNames } from '../../wire/name.js';
import type { Query } from '../../wire/query-message.js';
import type { ResourceRecord } from '../../wire/resource-record.js';
import type { ExtendedError, ReplyBody } from '../../wire/reply.js';

/** A chain of ours and the upstream's reply for its last name. The reply contains only the rest of the chain. */
export interface ChainEnd {
  readonly own: { readonly aa: boolean; readonly answers: readonly ResourceRecord[] };
  readonly message: Message;
  readonly ede?: ExtendedError | undefined;
}

/**
 * Joins our own CNAMEs with the upstream's records behind them. The code is that of the last name (RFC 6604 section 3).
 * A looping chain becomes SERVFAIL without records.
 */
export function finishChain({ own, message, ede }: ChainEnd, { question }: Query): ReplyBody {
  const answers = [...own.answers, ...message.answers];
  if (isLoop(answers)) {
    return { rcode: RCODE.SERVFAIL, ra: true, ede: { code: EDE.OTHER, text: 'CNAME loop' } };
  }
  const hasData = message.answers.some(({ type }) => type === question.type);
  const authority = hasData ? [] : message.authority;
  return { rcode: message.rcode, aa: own.aa, ra: true, answers, authority, ede };
}

/** Whether a chain of CNAMEs, given in order, returns to an earlier name. */
function isLoop(chain: readonly ResourceRecord[]): boolean {
  const cnames = chain.flatMap(({ owner, rdata }) =>
    rdata.kind === 'cname' ? [{ owner, target: rdata.target }] : [],
  );
  const last = cnames.at(-1);
  return last !== undefined && cnames.some(({ owner }) => equalNames(owner, last.target));
}
