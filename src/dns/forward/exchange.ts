import type { Upstream } from '../../net/upstream.js';
import type { Message } from '../../wire/message.js';
import type { DnsName } from '../../wire/name.js';
import type { ExtendedError } from '../../wire/reply.js';

/** What is asked of an upstream; class IN. Two questions that are equal in all of it may share one answer. */
export interface ForwardQuestion {
  /** Lower case; must not be a view of a receive buffer. */
  readonly name: DnsName;
  readonly type: number;
  /** DO (RFC 3225). */
  readonly dnssecOk: boolean;
  /** CD (RFC 4035 section 3.2.2). */
  readonly checkingDisabled: boolean;
  /** The marks of forwarders that the query passed; see `loop-mark.ts`. */
  readonly marks: Uint8Array;
  /** The client's own upstreams: they are asked before the configured ones, and share no answer with other clients. */
  readonly upstreams?: readonly Upstream[];
}

export type ForwardResult =
  /**
   * A reply to the question, NOERROR or NXDOMAIN, that holds nothing else than what was asked for (see `scrub.ts`), in a
   * wire form without OPT. Shared between clients: no user may write to it.
   */
  | {
      readonly ok: true;
      readonly message: Message;
      readonly upstream: Upstream;
      /** What is to be reported of it: that it is stale, or that something was taken out. */
      readonly ede?: ExtendedError;
    }
  | { readonly ok: false; readonly rcode: number; readonly ede: ExtendedError };

/** Asks upstream. Never rejects, and settles within the forwarder's deadline. A cache wraps this function. */
export type Exchange = (question: ForwardQuestion) => Promise<ForwardResult>;
