/** Where a checklist item is proven that the table has no row for, or has not all of. */
export interface Elsewhere {
  readonly item: number;
  /** What of the item. */
  readonly what: string;
  /** The test file; absent when nothing can be tested, and then `what` says why. */
  readonly file?: string;
}

export const elsewhere: readonly Elsewhere[] = [
  { item: 1, what: 'the counter of replies that were dropped', file: 'test/dns/server/responder.test.ts' },
  { item: 18, what: 'every one of the 65536 types', file: 'test/conformance/responder.test.ts' },
  { item: 21, what: 'pointers when decoding', file: 'test/wire/name.test.ts' },
  {
    item: 22,
    what: 'compression is bounded, and reaches no further than a pointer',
    file: 'test/wire/reply.test.ts',
  },
  { item: 32, what: 'NSID where it is configured', file: 'test/dns/server/reply-options.test.ts' },
  { item: 34, what: 'the examples of RFC 9018', file: 'test/wire/cookie.test.ts' },
  {
    item: 34,
    what: 'times, addresses and secrets that cookies are good for',
    file: 'test/dns/server/cookies.test.ts',
  },
  { item: 38, what: 'one octet below, at and above both limits', file: 'test/dns/server/truncation.test.ts' },
  { item: 44, what: 'time-outs of a connection', file: 'test/dns/server/dns-server.test.ts' },
  {
    item: 45,
    what: 'limits on connections, queries and unread replies',
    file: 'test/dns/server/dns-server.test.ts',
  },
  { item: 47, what: 'no reply needs fragments: none is above 1232 octets (items 26, 38 and 46)' },
  {
    item: 55,
    what: 'a service is a CNAME or has addresses, never both',
    file: 'test/sources/file/parse.test.ts',
  },
  { item: 55, what: 'a CNAME alone at its name in configuration', file: 'test/wire/record-set.test.ts' },
  { item: 55, what: 'one TTL a set', file: 'test/dns/zone/static-records.test.ts' },
  { item: 59, what: 'what is above reverse names', file: 'test/dns/zone/local-zones.test.ts' },
  { item: 59, what: 'PTR by view', file: 'test/dns/zone/zone.test.ts' },
  { item: 62, what: 'answers as soon as the facts are there', file: 'test/conformance/responder.test.ts' },
];

/** The items of the checklist that concern a server without DNSSEC. */
export const ITEMS: readonly number[] = Array.from({ length: 62 }, (_, i) => i + 1);
