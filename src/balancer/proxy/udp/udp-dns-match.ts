/**
 * Assigns replies to clients that speak DNS. A socket to a task that has served one client may then serve the next at
 * once: late replies to the first client have another ID or another question.
 */

const HEADER = 12;
/** The most open queries per client port. Beyond that, the oldest counts as lost. */
const MAX_OPEN = 1024;
/** No query exceeds one Ethernet frame, and the data kept per client must stay small. */
const MAX_QUERY = 1472;

/**
 * Length in octets of a query's question (QNAME, QTYPE, QCLASS, RFC 1035 section 4.1.2), or of an update's zone (RFC
 * 2136 section 2.3).
 * @returns 0 when the datagram is not a DNS query with one question
 */
export function questionLength(datagram: Buffer): number {
  const { length } = datagram;
  if (length < HEADER + 5 || length > MAX_QUERY) return 0;
  const isQuery = ((datagram[2] ?? 0) & 0x80) === 0;
  const oneQuestion = datagram[4] === 0 && datagram[5] === 1;
  const noAnswer = datagram[6] === 0 && datagram[7] === 0;
  if (!isQuery || !oneQuestion || !noAnswer) return 0;
  let at = HEADER;
  for (;;) {
    const label = datagram[at] ?? 0xff;
    if (label > 63 || at - HEADER > 254) return 0;
    at += 1 + label;
    if (label === 0) break;
  }
  return at + 4 <= length ? at + 4 - HEADER : 0;
}

/**
 * Whether a datagram is the reply to a query: it has the same ID, and the same question or none, as in some servers'
 * errors. Letters match in either case (RFC 4343).
 */
export function isReplyTo(query: Buffer, reply: Buffer): boolean {
  if (reply.length < HEADER || ((reply[2] ?? 0) & 0x80) === 0) return false;
  if (reply[0] !== query[0] || reply[1] !== query[1]) return false;
  if (reply[4] === 0 && reply[5] === 0) return true;
  const end = HEADER + questionLength(query);
  if (reply.length < end) return false;
  for (let at = HEADER; at < end; at++) {
    if (fold(reply[at] ?? 0) !== fold(query[at] ?? 0)) return false;
  }
  return true;
}

const fold = (octet: number): number => (octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet);

/** The open queries of one client port. There is nearly always only one, so a map exists only for more. */
export class DnsQueries {
  #first: Buffer | undefined;
  #more: Map<number, Buffer> | undefined;

  constructor(query: Buffer) {
    this.#first = query;
  }

  /** Adds a query, replacing one with the same ID. Other datagrams are ignored. */
  add(query: Buffer): void {
    if (questionLength(query) === 0) return;
    this.#more ??= new Map();
    const id = query.readUInt16BE(0);
    this.#more.delete(id);
    if (this.#more.size >= MAX_OPEN) {
      const [oldest] = this.#more.keys();
      if (oldest !== undefined) this.#more.delete(oldest);
    }
    this.#more.set(id, query);
  }

  /**
   * Whether a reply belongs to any of the queries. Queries stay until the session ends, because a client that asks
   * twice gets two replies.
   */
  matches(reply: Buffer): boolean {
    if (this.#first && isReplyTo(this.#first, reply)) return true;
    if (!this.#more || reply.length < HEADER) return false;
    const query = this.#more.get(reply.readUInt16BE(0));
    return query !== undefined && isReplyTo(query, reply);
  }
}
