import type { HostPort } from '../../net/ip.js';
import type { Message } from '../wire/message.js';
import type { DnsName } from '../wire/name.js';
import type { ExtendedError } from '../wire/reply.js';

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
}

export type ForwardResult =
  /** A well-formed reply to the question, NOERROR or NXDOMAIN. Shared between clients: nobody may write to it. */
  | {
      readonly ok: true;
      readonly message: Message;
      readonly upstream: HostPort;
      /** What is to be told of it: that it is stale. */
      readonly ede?: ExtendedError;
    }
  | { readonly ok: false; readonly rcode: number; readonly ede: ExtendedError };

/** Asks upstream. Never rejects, and settles within the forwarder's deadline. A cache wraps this function. */
export type Exchange = (question: ForwardQuestion) => Promise<ForwardResult>;
