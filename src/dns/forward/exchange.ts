import type { Upstream } from '../../net/upstream.js';
import type { Message } from '../../wire/message.js';
import type { DnsName } from '../../wire/name.js';
import type { ExtendedError } from '../../wire/reply.js';

/** A question for an upstream, of class IN. Two questions with equal fields may share one answer. */
export interface ForwardQuestion {
  /** Lower case; must not be a view of a receive buffer. */
  readonly name: DnsName;
  readonly type: number;
  /** DO (RFC 3225). */
  readonly dnssecOk: boolean;
  /** CD (RFC 4035 section 3.2.2). */
  readonly checkingDisabled: boolean;
  /** The marks of the forwarders that the query has passed; see `loop-mark.ts`. */
  readonly marks: Uint8Array;
  /**
   * The client's own upstreams. They are asked before the configured ones, and their answers are not shared with other
   * clients.
   */
  readonly upstreams?: readonly Upstream[];
}

export type ForwardResult =
  /**
   * A reply to the question, NOERROR or NXDOMAIN, that contains only what was asked for (see `scrub.ts`). Its wire form
   * has no OPT. Clients share it, so no caller may modify it.
   */
  | {
      readonly ok: true;
      readonly message: Message;
      readonly upstream: Upstream;
      /** Additional information: the answer is stale, or records were removed. */
      readonly ede?: ExtendedError;
    }
  | { readonly ok: false; readonly rcode: number; readonly ede: ExtendedError };

/** Asks upstream. Never rejects, and settles before the forwarder's deadline. A cache wraps this function. */
export type Exchange = (question: ForwardQuestion) => Promise<ForwardResult>;
