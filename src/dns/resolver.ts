import type { Upstream } from '../net/upstream.js';
import type { DnsName } from '../wire/name.js';
import type { ResourceRecord } from '../wire/records.js';
import type { ExtendedError } from '../wire/reply.js';

/** What is asked, as a resolver sees it: class IN, and a name that lost its case. */
export interface Question {
  /** Lower case. Valid during the call only: it may be a view of a receive buffer. */
  readonly name: DnsName;
  /** Lower case, leftmost first, without the root, one character a byte. */
  readonly labels: readonly string[];
  readonly type: number;
}

/** What to say to a question. */
export type Resolution =
  | {
      readonly kind: 'answer';
      readonly rcode: number;
      readonly aa: boolean;
      /** CNAMEs first, in the order of the chain (RFC 1034 section 4.3.2). Sets of addresses are rotated later. */
      readonly answers: readonly ResourceRecord[];
      readonly authority: readonly ResourceRecord[];
      /** Optional data: dropped without a trace when the reply would be too large. */
      readonly additionals?: readonly ResourceRecord[];
      readonly ede?: ExtendedError;
      /**
       * The external target that the chain of `answers` ends at. It is looked up upstream for the same type and its
       * records are appended; the reply has the rcode of that last name (RFC 6604 section 3).
       */
      readonly chase?: DnsName;
      /** The wildcard (`*.dev.example`) that the answer was made from: names below it can be made up at will. */
      readonly wildcard?: DnsName;
      /** The client's own upstreams, for the target. */
      readonly upstreams?: readonly Upstream[];
    }
  /** Not ours: ask upstream; first those of the client's own, when it has any. */
  | { readonly kind: 'forward'; readonly upstreams?: readonly Upstream[] }
  /** Say nothing: this client is not served. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'refuse'; readonly ede?: ExtendedError };

/** Decides what is answered; see `src/dns/zone/`. It is synchronous, and a throw counts as SERVFAIL. */
export interface Resolver {
  resolve(question: Question, client: { readonly address: string }): Resolution;
  /**
   * Whether a client gets replies at all; asked where no question comes to {@link resolve}: errors, and queries for a
   * cookie. Absent: every process does.
   */
  serves?(client: { readonly address: string }): boolean;
}
