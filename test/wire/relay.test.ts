import { describe, expect, it } from 'vitest';
import { FLAG, TYPE } from '../../src/wire/constants.js';
import { relayReply } from '../../src/wire/relay.js';
import { composeReply } from '../../src/wire/reply.js';
import { a, cname, decoded, hex, manyA, parsed, query, soa, unhex } from './helpers.js';

const OWNER = 'www.example.org';
const asked = parsed(query(OWNER, TYPE.A, { edns: { dnssecOk: false, options: [] } }));

const upstream = (body: Partial<Parameters<typeof composeReply>[1]>) =>
  decoded(composeReply(asked, { rcode: 0, aa: true, ad: true, ...body }, 65535).message);

describe('relayReply', () => {
  it('gives the client its own ID, flags, question and OPT, and unchanged records', () => {
    const message = upstream({
      answers: [cname(OWNER, 'web.example.org'), a('web.example.org', '192.0.2.1')],
    });
    const client = parsed(query('wWw.eXample.ORG', TYPE.A, { id: 9, cd: true }));
    const relayed = decoded(relayReply(message, client, 512));
    expect([relayed.id, relayed.flags]).toEqual([9, FLAG.QR | FLAG.RD | FLAG.RA | FLAG.CD]);
    expect(relayed.edns).toBeUndefined();
    expect(hex(relayed.questions[0]?.name)).toBe(hex(client.question.name));
    expect(hex(relayed.answers[0]?.owner)).toBe(hex(client.question.name));
    expect(relayed.answers.map(({ rdata }) => rdata.kind)).toEqual(['cname', 'a']);
  });

  it.each([
    ['no wish', {}, false],
    ['AD', { ad: true }, true],
    ['DO', { edns: { dnssecOk: true, options: [] } }, true],
  ])('shows AD to a client with %s: %s', (_, fields, expected) => {
    const relayed = decoded(relayReply(upstream({}), parsed(query(OWNER, TYPE.A, fields)), 512));
    expect((relayed.flags & FLAG.AD) !== 0).toBe(expected);
  });

  it('drops additionals, then the authority of a positive answer, then answers with TC', () => {
    const message = upstream({
      answers: manyA(OWNER, 3),
      authority: [soa('example.org')],
      additionals: manyA('ns.example.org', 1),
    });
    const client = parsed(query(OWNER, TYPE.A));
    const seen = new Set<string>();
    for (let limit = 600; limit >= 12 + 21; limit--) {
      const reply = relayReply(message, client, limit);
      expect(reply.length).toBeLessThanOrEqual(limit);
      const { answers, authority, additionals, flags } = decoded(reply);
      const cut = (flags & FLAG.TC) !== 0 ? ' TC' : '';
      seen.add(`${answers.length} ${authority.length} ${additionals.length}${cut}`);
    }
    expect([...seen]).toEqual(['3 1 1', '3 1 0', '3 0 0', '2 0 0 TC', '1 0 0 TC', '0 0 0 TC']);
  });

  it('drops the extended error before anything else, and keeps other options', () => {
    const message = upstream({ answers: manyA(OWNER, 3), authority: [soa('example.org')] });
    const options = [{ code: 10, data: Buffer.alloc(24) }];
    const told = { options, ede: { code: 3, text: 'no upstream answered' } };
    const seen = new Set<string>();
    for (let limit = 300; limit >= 80; limit--) {
      const reply = relayReply(message, asked, limit, told);
      expect(reply.length).toBeLessThanOrEqual(limit);
      const { answers, authority, edns } = decoded(reply);
      seen.add(`${answers.length} ${authority.length} ${String(edns?.options.map(({ code }) => code))}`);
    }
    expect([...seen]).toEqual(['3 1 10,15', '3 1 10', '3 0 10', '2 0 10', '1 0 10', '0 0 10']);
    expect(decoded(relayReply(message, parsed(query(OWNER, TYPE.A)), 512, told)).edns).toBeUndefined();
  });

  it('sets TC when the SOA of a negative answer does not fit', () => {
    const message = upstream({ rcode: 3, authority: [soa('example.org')] });
    const relayed = decoded(relayReply(message, parsed(query(OWNER, TYPE.A)), 60));
    expect([relayed.rcode, relayed.authority.length, (relayed.flags & FLAG.TC) !== 0]).toEqual([3, 0, true]);
  });

  it('cuts out an OPT in the middle together with the records around it', () => {
    const record = '00 0001 0001 00000001 0004 0a000001';
    const wire = unhex(
      `1234 8180 0001 0001 0000 0003 0161 00 0001 0001 ${record} ${record} 00 0029 04d0 00000000 0000 ${record}`,
    );
    const relayed = decoded(relayReply(decoded(wire), parsed(query('a', TYPE.A)), 512));
    expect([relayed.answers.length, relayed.additionals.length, relayed.edns]).toEqual([1, 0, undefined]);
  });

  it('leaves data of unknown types as it is', () => {
    const wire = unhex('1234 8180 0001 0001 0000 0000 0161 00 ff00 0001 c00c ff00 0001 00000005 0003 c00c07');
    const relayed = relayReply(decoded(wire), parsed(query('a', 0xff00)), 512);
    expect(relayed.subarray(-3).toString('hex')).toBe('c00c07');
  });
});
