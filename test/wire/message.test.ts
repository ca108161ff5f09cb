import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLASS, FLAG, TYPE } from '../../src/wire/constants.js';
import { answersQuestion, decodeMessage } from '../../src/wire/message.js';
import type { ResourceRecord } from '../../src/wire/resource-record.js';
import { MessageWriter, type Section } from '../../src/wire/writer.js';
import { anyName, anyRecord } from './arbitrary.js';
import { a, cname, decoded, hex, name, query, soa, srv, unhex } from './helpers.js';
import { runs } from '../support/depth.js';

const writer = new MessageWriter();

function encode(qname: Uint8Array, sections: Record<Section, readonly ResourceRecord[]>): Buffer {
  writer.start(7, FLAG.QR, 65535);
  writer.question({ name: qname, type: TYPE.A, class: CLASS.IN });
  for (const section of ['answer', 'authority', 'additional'] as const) {
    for (const record of sections[section]) writer.record(section, record);
  }
  return writer.finish({ truncated: false });
}

/** Lower case throughout: an owner takes the case of the name that it points to. */
function comparable(record: ResourceRecord): unknown {
  const plain = JSON.parse(
    JSON.stringify({ ...record, ttlAt: undefined, end: undefined }, (_key, value: unknown) =>
      value instanceof Uint8Array || (value && typeof value === 'object' && 'data' in value)
        ? Buffer.from(value as Uint8Array)
            .toString('latin1')
            .toLowerCase()
        : value,
    ),
  ) as unknown;
  return plain;
}

describe('a message', () => {
  it('decodes to what was written', () => {
    const records = fc.array(anyRecord, { maxLength: 12 });
    fc.assert(
      fc.property(anyName, records, records, records, (qname, answer, authority, additional) => {
        const message = decoded(encode(qname, { answer, authority, additional }));
        expect(hex(message.questions[0]?.name)).toBe(hex(qname));
        expect(message.answers.map(comparable)).toEqual(answer.map(comparable));
        expect(message.authority.map(comparable)).toEqual(authority.map(comparable));
        expect(message.additionals.map(comparable)).toEqual(additional.map(comparable));
      }),
    );
  });

  it('is read by dns-packet as intended', () => {
    const wire = encode(name('Alias.stack.rancher.internal'), {
      answer: [
        cname('alias.stack.rancher.internal', 'web.stack.rancher.internal'),
        a('web.stack.rancher.internal', '10.42.0.7'),
        a('web.stack.rancher.internal', 'fd00::7'),
        srv('_http._tcp.web.stack.rancher.internal', 'web-1.stack.rancher.internal', 8080),
      ],
      authority: [soa('rancher.internal')],
      additional: [],
    });
    const packet = dnsPacket.decode(wire);
    expect(packet.questions).toEqual([{ name: 'Alias.stack.rancher.internal', type: 'A', class: 'IN' }]);
    expect(packet.answers).toMatchObject([
      { name: 'Alias.stack.rancher.internal', type: 'CNAME', data: 'web.stack.rancher.internal' },
      { name: 'web.stack.rancher.internal', type: 'A', data: '10.42.0.7' },
      { name: 'web.stack.rancher.internal', type: 'AAAA', data: 'fd00::7' },
      { type: 'SRV', data: { port: 8080, weight: 1, target: 'web-1.stack.rancher.internal' } },
    ]);
    expect(packet.authorities).toMatchObject([
      { name: 'rancher.internal', type: 'SOA', data: { mname: 'ns.rancher.internal', minimum: 5 } },
    ]);
  });

  it('is read from dns-packet as intended', () => {
    const wire = dnsPacket.encode({
      id: 9,
      type: 'response',
      flags: 0,
      questions: [{ name: 'x.y', type: 'MX' }],
      answers: [
        { name: 'x.y', type: 'MX', ttl: 5, data: { preference: 10, exchange: 'm.y' } },
        { name: 'x.y', type: 'TXT', ttl: 5, data: ['one', 'two'] },
        { name: 'x.y', type: 'CAA', ttl: 5, data: { flags: 0, tag: 'issue', value: 'ca' } },
      ],
    });
    const message = decoded(wire);
    expect(message.answers.map(({ type, ttl }) => [type, ttl])).toEqual([
      [TYPE.MX, 5],
      [TYPE.TXT, 5],
      [TYPE.CAA, 5],
    ]);
    const [mx, txt] = message.answers.map(({ rdata }) => rdata);
    expect(mx?.kind === 'mx' && [mx.preference, hex(mx.exchange)]).toEqual([10, hex(name('m.y'))]);
    expect(txt?.kind === 'txt' && txt.strings.map(hex)).toEqual(['6f6e65', '74776f']);
  });

  it('has each owner that equals the question as a pointer to it, and SRV targets uncompressed', () => {
    const wire = encode(name('_x._tcp.WEB'), {
      answer: [srv('_x._tcp.web', 'web', 1)],
      authority: [],
      additional: [a('web', '10.0.0.1')],
    });
    const afterQuestion = 12 + name('_x._tcp.web').length + 4;
    expect(wire.toString('hex', afterQuestion)).toBe(
      'c00c00210001000000010' +
        '00b' +
        '000000010001' +
        '03776562' +
        '00' +
        'c014' +
        '000100010000000100040a000001',
    );
  });

  it('expands the names of old types, so that their data can be moved', () => {
    // RP (17) with two compressed names.
    const wire = unhex(
      '0007 8000 0001 0001 0000 0000 0161 00 0011 0001 c00c 0011 0001 00000001 0004 c00c c00c',
    );
    expect(decoded(wire).answers[0]?.rdata).toEqual({
      kind: 'rp',
      mailbox: new Uint8Array([1, 97, 0]),
      text: new Uint8Array([1, 97, 0]),
    });
  });

  it.each([
    ['no header', '0007', 'short'],
    ['a pointer in the first question', '000780000001000000000000 c00c 0001 0001', 'pointer-not-allowed'],
    ['a question cut off', '000780000001000000000000 00 0001', 'question'],
    ['a record that is not there', '000780000000000100000000', 'name-truncated'],
    ['data cut off', '000780000000000100000000 00 0001 0001 00000001 0004 0a', 'record'],
    ['an A of two octets', '000780000000000100000000 00 0001 0001 00000001 0002 0a00', 'rdata'],
    [
      'a CNAME with octets behind the name',
      '000780000000000100000000 00 0005 0001 00000001 0002 0000',
      'rdata',
    ],
    [
      'a CNAME that ends outside its data',
      '000780000000000100000000 00 0005 0001 00000001 0001 016100',
      'rdata',
    ],
    ['a TXT string past its data', '000780000000000100000000 00 0010 0001 00000001 0002 0561', 'rdata'],
    ['an OPT among the answers', '000780000000000100000000 00 0029 04d0 00000000 0000', 'opt'],
    ['two OPTs', `000780000000000000000002 ${'00 0029 04d0 00000000 0000'.repeat(2)}`, 'opt'],
    ['an OPT with an owner', '000780000000000000000001 016100 0029 04d0 00000000 0000', 'opt'],
    ['513 records', '000780000000020100000000', 'too-many-records'],
  ])('with %s is refused', (_, text, fault) => {
    expect(decodeMessage(unhex(text))).toMatchObject({ ok: false, fault });
  });

  it('has TTL 0 if the top bit is set', () => {
    const wire = unhex('000780000000000100000000 00 0001 0001 80000001 0004 0a000001');
    expect(decoded(wire).answers[0]?.ttl).toBe(0);
  });

  it('never makes the decoder throw, whatever its bytes', () => {
    const base = encode(name('a.web'), {
      answer: [cname('a.web', 'b.web'), a('b.web', '10.0.0.1'), srv('b.web', 'c.web')],
      authority: [soa('web')],
      additional: [a('c.web', '10.0.0.2')],
    });
    const edits = fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    const mutated = fc.tuple(edits, fc.nat(base.length)).map(([changes, cut]) => {
      const copy = Buffer.from(base);
      for (const [at, value] of changes) copy[at] = value;
      return copy.subarray(0, copy.length - (cut % 20));
    });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 2000 }), mutated), (packet) => {
        const result = decodeMessage(packet);
        if (result.ok) expect(result.message.wire).toBe(packet);
      }),
      { numRuns: runs(3000) },
    );
  });

  it('of 64 KiB full of pointers costs no more than the limits allow', () => {
    const longest = name(Array.from({ length: 127 }, () => 'x').join('.'));
    const record = unhex('c00c 0002 0001 00000001 0002 c00c');
    const head = unhex('0007 8000 0001 01ff 0000 0000');
    const question = Buffer.concat([longest, unhex('0001 0001')]);
    const wire = Buffer.concat([head, question, ...Array.from({ length: 5400 }, () => record)]);
    let reads = 0;
    const counted = new Proxy(wire, {
      get(target, property) {
        if (typeof property === 'string' && /^\d+$/.test(property)) reads++;
        const value: unknown = Reflect.get(target, property, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    expect(decodeMessage(counted)).toMatchObject({ ok: true });
    expect(reads).toBeLessThan(512 * 2 * 160);
    wire.writeUInt16BE(5400, 6);
    reads = 0;
    expect(decodeMessage(counted)).toMatchObject({ ok: false, fault: 'too-many-records' });
    expect(reads).toBeLessThan(20);
  });

  it('whose names all follow one chain of pointers is refused', () => {
    const u16 = (value: number) => Buffer.of(value >> 8, value & 0xff);
    const chainAt = 12 + 11;
    // `x`, then 99 names that are an `x` in front of the name before.
    const links = [unhex('017800')];
    const offsetOf = (link: number) => chainAt + (link === 0 ? 0 : 3 + (link - 1) * 4);
    for (let link = 1; link < 100; link++) {
      links.push(Buffer.concat([unhex('0178'), u16(0xc000 | offsetOf(link - 1))]));
    }
    const chain = Buffer.concat(links);
    const carrier = Buffer.concat([unhex('00 ff00 0001 00000001'), u16(chain.length), chain]);
    const record = Buffer.concat([u16(0xc000 | offsetOf(99)), unhex('ff00 0001 00000001 0000')]);
    const messageWith = (count: number) =>
      Buffer.concat([
        unhex('0007 8000 0000'),
        u16(count + 1),
        unhex('0000 0000'),
        carrier,
        ...Array.from({ length: count }, () => record),
      ]);
    expect(decodeMessage(messageWith(40))).toMatchObject({ ok: true });
    expect(decodeMessage(messageWith(42))).toMatchObject({ ok: false, fault: 'too-many-pointers' });
  });
});

describe('answersQuestion', () => {
  const question = { name: name('web.x'), type: TYPE.A, class: CLASS.IN };
  const reply = (flags: number, packet = query('WEB.x', TYPE.A)): Buffer => {
    packet.writeUInt16BE(flags, 2);
    return packet;
  };
  it.each([
    ['the reply', reply(0x8000), true],
    ['a query', reply(0), false],
    ['another opcode', reply(0xa000), false],
    ['another name', reply(0x8000, query('web.y', TYPE.A)), false],
    ['another type', reply(0x8000, query('web.x', TYPE.AAAA)), false],
    ['another id', reply(0x8000, query('web.x', TYPE.A, { id: 1 })), false],
    ['a bare error', unhex('123480010000000000000000'), true],
    ['a bare NOERROR', unhex('123480000000000000000000'), false],
    ['a bare NXDOMAIN', unhex('123480030000000000000000'), false],
  ])('%s', (_, packet, expected) => {
    expect(answersQuestion(decoded(packet), 0x1234, question)).toBe(expected);
  });
});
