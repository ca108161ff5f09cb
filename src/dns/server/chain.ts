import { EDE, RCODE } from '../../wire/constants.js';
import type { Message } from '../../wire/message.js';
import { equalNames } from '../../wire/name.js';
import type { Query } from '../../wire/query.js';
import type { ResourceRecord } from '../../wire/records.js';
import type { ExtendedError, ReplyBody } from '../../wire/reply.js';

/** A chain of ours, and what upstream says of the name that it leads to: the rest of the chain and nothing else. */
export interface ChainEnd {
  readonly own: { readonly aa: boolean; readonly answers: readonly ResourceRecord[] };
  readonly message: Message;
  readonly ede?: ExtendedError | undefined;
}

/**
 * The answer of our own CNAMEs and of what upstream has behind them. The code is that of the last name (RFC 6604
 * section 3). A chain that goes round is SERVFAIL without records.
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

/** Whether a chain of CNAMEs, in its order, comes back to a name that it has passed. */
function isLoop(chain: readonly ResourceRecord[]): boolean {
  const cnames = chain.flatMap(({ owner, rdata }) =>
    rdata.kind === 'cname' ? [{ owner, target: rdata.target }] : [],
  );
  const last = cnames.at(-1);
  return last !== undefined && cnames.some(({ owner }) => equalNames(owner, last.target));
}
