import { encode, type Answer } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dnsMessageJson } from '../../src/api/dns-message.js';
import { dnsMessage } from './fixture.js';

const name = 'web.shop.rancher.internal';
const shown = (answer: Answer) => dnsMessageJson(dnsMessage({ answers: [answer] })).answers[0];

describe('record data', () => {
  it.each<[Answer, string, string]>([
    [{ name, type: 'AAAA', data: 'fd00::7' }, 'AAAA', 'fd00::7'],
    [{ name, type: 'CNAME', data: 'crm.example.org' }, 'CNAME', 'crm.example.org.'],
    [{ name, type: 'SRV', data: { priority: 0, weight: 1, port: 80, target: 'a.b' } }, 'SRV', '0 1 80 a.b.'],
    [{ name, type: 'MX', data: { preference: 10, exchange: 'mail.example' } }, 'MX', '10 mail.example.'],
    [
      {
        name,
        type: 'SOA',
        data: { mname: 'ns.x', rname: 'root.x', serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5 },
      },
      'SOA',
      'ns.x. root.x. 1 2 3 4 5',
    ],
    [
      { name, type: 'TXT', data: ['say "hi"\\', Buffer.from([7, 0xff])] },
      'TXT',
      '"say \\"hi\\"\\\\" "\\007\\255"',
    ],
    [
      {
        name,
        type: 'DS',
        data: { keyTag: 1, algorithm: 8, digestType: 2, digest: Buffer.from('ab', 'hex') },
      },
      'DS',
      '\\# 5 00010802ab',
    ],
    [{ name, type: 'UNKNOWN_65' as 'NULL', data: Buffer.from([1, 2, 3]) }, 'HTTPS', '\\# 3 010203'],
    [{ name, type: 'UNKNOWN_65280' as 'NULL', data: Buffer.alloc(0) }, 'TYPE65280', '\\# 0'],
  ])('of %j is of type %s: %s', (answer, type, data) => {
    expect(shown(answer)).toMatchObject({ type, data, name: `${name}.` });
  });

  it('never carries a control character to a terminal', () => {
    expect(shown({ name: 'a\u001b[31mred', type: 'CNAME', data: 'b\u0007' })).toMatchObject({
      name: 'a\\027[31mred.',
      data: 'b\\007.',
    });
  });
});

it('joins the two halves of the response code and shows extended errors', () => {
  const message = dnsMessage({
    answers: [],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 1232,
        extendedRcode: 1,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [{ code: 'OPTION_15' as unknown as 12, data: Buffer.from('\0\u0016no one\n') }],
      },
    ],
  });
  expect(dnsMessageJson(message)).toMatchObject({
    rcode: 'BADVERS',
    additional: [],
    errors: [{ code: 22, text: 'no one?' }],
  });
});

it('shows as much as possible of an undecodable message', () => {
  const broken = encode({ type: 'response', flags: 3, questions: [{ name, type: 'A' }] }).subarray(0, 20);
  expect(dnsMessageJson(broken)).toMatchObject({
    rcode: 'NXDOMAIN',
    answers: [],
    undecoded: expect.any(String) as string,
  });
});

it('never throws, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(60), fc.nat(255), (noise, at, value) => {
      const mutated = Uint8Array.from(dnsMessage());
      mutated[at] = value;
      for (const bytes of [noise, mutated]) {
        const { wire } = dnsMessageJson(bytes);
        expect(Buffer.from(wire, 'base64')).toEqual(Buffer.from(bytes));
      }
    }),
  );
});
