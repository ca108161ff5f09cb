/** The reference servers that the table is calibrated against. */
export const REFERENCES = ['named', 'knot', 'unbound'] as const;

export type ReferenceName = (typeof REFERENCES)[number];

/**
 * Which server of a target a case asks.
 * - `open`: the golden zone, and recursion through the fake upstream
 * - `closed`: the golden zone with SOA MINIMUM 5, and no recursion
 * - `loading`: as `open`, but the only source has said nothing yet
 * - `stale`: as `open`, but the source is away
 */
export type Variant = 'open' | 'closed' | 'loading' | 'stale';

/**
 * Presentation format, one record a line: `web.stack.rancher.internal. 1 IN A 10.42.0.11`; `*` stands for any TTL,
 * and for any data of an SOA.
 */
export type RecordLines = readonly string[];

/** A reply, whole: what is not named must not be in it. */
export interface ExpectedReply {
  /** `NXDOMAIN`; any of them when there are several. */
  readonly rcode: string;
  /** `AA TC RD RA AD CD`, those that are set; RA is not asked of a server without recursion. `AA RD RA` by default. */
  readonly flags?: string;
  /** 0 by default. */
  readonly opcode?: number;
  /** `echoed` byte for byte (the default), or `none`. */
  readonly question?: 'echoed' | 'none';
  /** CNAMEs in the order of the chain; all else in any order. A number: that many, whatever they are. */
  readonly answer?: RecordLines | number;
  readonly authority?: RecordLines;
  /** Without the OPT. `some`: any. */
  readonly additional?: RecordLines | 'some';
  /** Absent: no OPT. */
  readonly opt?: ExpectedOpt;
  /** Bytes: all of the message, or at most so many. */
  readonly size?: number | { readonly max: number };
  /** Owners in the very case of the question. */
  readonly exactCase?: true;
  /** Hex that the message must have somewhere. */
  readonly contains?: string;
}

/** Its size is 1232, its version 0 and no flag but DO is set. */
export interface ExpectedOpt {
  /** False by default. */
  readonly dnssecOk?: boolean;
  /** Info-code of an extended error (RFC 8914); its text is free. */
  readonly ede?: number;
  /** `code:hex` of every other option; `10:0102030405060708+16` where 16 octets of any value follow. */
  readonly options?: readonly string[];
}

export type Expected =
  | ExpectedReply
  /** The exact message, in hex. */
  | { readonly wire: string }
  | 'silence';

export interface Ask {
  readonly packet: Uint8Array;
  readonly expect: Expected;
}

/** How a case's messages are carried. */
export type Carriage =
  | { readonly over: 'udp' }
  | {
      readonly over: 'tcp';
      /** All in one write (the default), a byte at a time, or each length apart from its message. */
      readonly delivery?: 'together' | 'octets' | 'split';
      /** The client ends its side when all is written. */
      readonly halfClose?: true;
      /** The server is to close the connection, after whatever replies are expected. */
      readonly closes?: true;
    };

/** One row of the table. */
export interface ConformanceCase {
  /** The checklist's number. */
  readonly item: number;
  /** Unique. */
  readonly name: string;
  /** `open` by default. */
  readonly server?: Variant;
  readonly carriage: Carriage;
  readonly asks: readonly Ask[];
  /**
   * What a reference does otherwise, and why the expectation stands all the same. The calibration fails when a reference
   * contradicts a row without an entry here, and when an entry is no longer true.
   */
  readonly differs?: Partial<Record<ReferenceName, string>>;
  /** References that the row has no meaning for, and why. */
  readonly unasked?: Partial<Record<ReferenceName, string>>;
}
