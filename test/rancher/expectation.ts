import type { Metadata, WireCase } from './case-file.js';
import type { RecordText } from './subject.js';

/** What a case about records says of one owner name. */
export type Want =
  /** Exactly these data, in any order; none: no record of the type. */
  | { readonly kind: 'data'; readonly data: readonly string[] }
  | { readonly kind: 'count'; readonly count: number }
  /** How many names only this client is answered. */
  | { readonly kind: 'private-names'; readonly count: number };

export interface RecordCheck {
  /** `default`, or the client's address. */
  readonly section: string;
  readonly type: 'A' | 'CNAME';
  /** Lower case, with the last dot; empty for `private-names`. */
  readonly name: string;
  readonly want: Want;
}

export interface RecordContext {
  readonly input: Metadata;
}

/** What the reply to one packet must be. */
export interface WireExpectation {
  /** Any of them; none: no reply at all. */
  readonly rcodes: readonly string[];
  /** Undefined: not looked at. */
  readonly aa: boolean | undefined;
  readonly ra: boolean;
  /** A number: so many, whatever they are. */
  readonly answers: readonly RecordText[] | number;
  /** `soa`: the SOA of a zone above the name. `any`: not looked at. */
  readonly authority: readonly RecordText[] | 'soa' | 'any';
  /** What upstreams are asked: `NAME. TYPE udp|tcp @label`. */
  readonly upstream: ReadonlySet<string>;
}

export interface WireQuestion {
  /** As asked, without the last dot. */
  readonly name: string;
  readonly class: string;
  readonly type: string;
}

export interface WireContext {
  readonly case: WireCase;
  readonly packet: Uint8Array;
  /** Absent for a packet that is given in hexadecimal. */
  readonly question?: WireQuestion;
  /** Whether the fixture has a section for the client. */
  readonly knownClient: boolean;
  /** CNAME of the name in the fixture. */
  readonly cname?: string;
  /** Seconds. */
  readonly ttl: number;
}

/** Changes what Rancher did into what is right; undefined when it has nothing to say about this one. */
export interface Change {
  readonly records?: (check: RecordCheck, context: RecordContext) => Want | undefined;
  readonly wire?: (expected: WireExpectation, context: WireContext) => WireExpectation | undefined;
}

export const noData: Want = { kind: 'data', data: [] };
