import type { Upstream } from '../net/upstream.js';
import type { DnsName } from '../wire/name.js';
import type { ResourceRecord } from '../wire/resource-record.js';
import type { ExtendedError } from '../wire/reply.js';

/** A question as a resolver sees it: class IN, with a lower-case name. */
export interface Question {
  /** Lower case. Valid only during the call, because it may be a view of a receive buffer. */
  readonly name: DnsName;
  /** Lower case, leftmost first, without the root. Each character is one byte. */
  readonly labels: readonly string[];
  readonly type: number;
}

/** How to answer a question. */
export type Resolution =
  | {
      readonly kind: 'answer';
      readonly rcode: number;
      readonly aa: boolean;
      /** CNAMEs first, in chain order (RFC 1034 section 4.3.2). Address sets are rotated later. */
      readonly answers: readonly ResourceRecord[];
      readonly authority: readonly ResourceRecord[];
      /** Optional data. It is dropped silently if the reply would be too large. */
      readonly additionals?: readonly ResourceRecord[];
      readonly ede?: ExtendedError;
      /**
       * The external target at which the chain of `answers` ends. It is looked up upstream for the same type, and its
       * records are appended. The reply has the rcode of that last name (RFC 6604 section 3).
       */
      readonly chase?: DnsName;
      /** The wildcard (`*.dev.example`) that produced the answer. Clients can invent any number of names below it. */
      readonly wildcard?: DnsName;
      /** The client's own upstreams, for looking up the target. */
      readonly upstreams?: readonly Upstream[];
    }
  /** Not ours: ask upstream. The client's own upstreams, if any, come first. */
  | { readonly kind: 'forward'; readonly upstreams?: readonly Upstream[] }
  /**
   * A source may have what this one name needs, and is asked for it. Resolve the question again then.
   * `until` never rejects, and ends soon in any case.
   */
  | { readonly kind: 'await'; readonly until: Promise<void> }
  /** Send no reply: this client is not served. */
  | { readonly kind: 'drop' }
  | { readonly kind: 'refuse'; readonly ede?: ExtendedError };

/** Decides the answer; see `src/dns/zone/`. It is synchronous. If it throws, the client receives SERVFAIL. */
export interface Resolver {
  resolve(question: Question, client: { readonly address: string; readonly hasWaited?: boolean }): Resolution;
  /**
   * Whether a client gets replies at all. Used where no question reaches {@link resolve}: for errors and for queries
   * for a cookie. If undefined, every client is served.
   */
  serves?(client: { readonly address: string }): boolean;
}
