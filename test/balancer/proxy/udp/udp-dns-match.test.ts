import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DnsQueries, isReplyTo, questionLength } from '../../../../src/balancer/proxy/udp/udp-dns-match.js';
import { dnsQuery, dnsReply } from './udp-setup.js';

const query = dnsQuery(0x1234, 'web');
const changed = (datagram: Buffer, at: number, octet: number): Buffer => {
  const copy = Buffer.from(datagram);
  copy.writeUInt8(octet, at);
  return copy;
};

describe('telling DNS replies apart', () => {
  it.each([
    ['a query', query, 9],
    ['a query for the root', Buffer.concat([query.subarray(0, 12), Buffer.from([0, 0, 2, 0, 1])]), 5],
    ['a query with EDNS behind it', Buffer.concat([query, Buffer.alloc(11)]), 9],
    ['a reply', dnsReply(query), 0],
    ['two questions', changed(query, 5, 2), 0],
    ['an answer in a query', changed(query, 7, 1), 0],
    ['a compressed name', changed(query, 12, 0xc0), 0],
    ['a name that is cut', query.subarray(0, 15), 0],
    ['a type that is cut', query.subarray(0, query.length - 1), 0],
    ['nothing', Buffer.alloc(0), 0],
    ['a text', Buffer.from('hello, this is no DNS at all'), 0],
    ['a long datagram', Buffer.concat([query, Buffer.alloc(1500)]), 0],
  ])('sees the question of %s', (_name, datagram, length) => {
    expect(questionLength(datagram)).toBe(length);
  });

  it.each([
    ['the reply', dnsReply(query, 'answer'), true],
    ['letters in the other case', dnsReply(dnsQuery(0x1234, 'WeB')), true],
    ['an error without a question', changed(dnsReply(query), 5, 0).subarray(0, 12), true],
    ['another ID', dnsReply(dnsQuery(0x1235, 'web')), false],
    ['another name', dnsReply(dnsQuery(0x1234, 'wec')), false],
    ['another type', changed(dnsReply(query), query.length - 3, 28), false],
    ['a longer name', dnsReply(dnsQuery(0x1234, 'web2')), false],
    ['a reply that is cut in the question', dnsReply(query).subarray(0, 15), false],
    ['the query itself', query, false],
    ['nothing', Buffer.alloc(0), false],
  ])('%s', (_name, reply, isReply) => {
    expect(isReplyTo(query, reply)).toBe(isReply);
  });

  it('knows all open queries of one port, and the newest of too many', () => {
    const queries = new DnsQueries(dnsQuery(0, 'first'));
    for (let id = 1; id <= 2000; id++) queries.add(dnsQuery(id, 'web'));
    queries.add(dnsQuery(2000, 'other'));
    queries.add(Buffer.from('no query'));
    expect(queries.matches(dnsReply(dnsQuery(0, 'first')))).toBe(true);
    expect(queries.matches(dnsReply(dnsQuery(1999, 'web')))).toBe(true);
    expect(queries.matches(dnsReply(dnsQuery(2000, 'other')))).toBe(true);
    expect(queries.matches(dnsReply(dnsQuery(2000, 'web')))).toBe(false);
    expect(queries.matches(dnsReply(dnsQuery(1, 'web')))).toBe(false);
  });

  it('classifies any datagrams correctly', () => {
    const datagram = fc.oneof(
      fc.uint8Array({ maxLength: 64 }).map((octets) => Buffer.from(octets)),
      fc.uint8Array({ maxLength: 40 }).map((octets) => Buffer.concat([query.subarray(0, 12), octets])),
    );
    fc.assert(
      fc.property(datagram, datagram, (one, other) => {
        const length = questionLength(one);
        expect(length === 0 || 12 + length <= one.length).toBe(true);
        if (length > 0) expect(isReplyTo(one, dnsReply(one))).toBe(true);
        expect(new DnsQueries(query).matches(other)).toBe(isReplyTo(query, other));
      }),
    );
  });
});
