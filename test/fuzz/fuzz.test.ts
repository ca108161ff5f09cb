import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TYPE } from '../../src/wire/constants.js';
import { query, unhex } from '../conformance/packets.js';
import { formatCase, parseCase, TARGETS } from './fuzz-case.js';
import { generate } from './generate.js';
import { checkReply } from './invariants.js';
import { minimise } from './minimise.js';
import { fuzz } from './run.js';
import { honestExchange } from './stub-upstream.js';
import { createSubject } from './subject.js';
import { createBench } from './targets.js';
import { isThorough } from '../support/depth.js';

const corpus = new URL('corpus/', import.meta.url);
const PACKETS = isThorough ? 40_000 : 6_000;
const udp = { transport: 'udp' } as const;

describe('the fuzzer', () => {
  it(`breaks no rule with ${PACKETS} packets, and reaches every kind of outcome`, async () => {
    const { outcomes, failure, faults, packets } = await fuzz({
      seed: 20_260_101,
      packets: PACKETS,
      targets: TARGETS,
    });
    expect(failure).toBeUndefined();
    expect({ faults, packets }).toEqual({ faults: 0, packets: PACKETS });
    const replies = ['silence', 'FORMERR', 'NOTIMP', 'BADVERS', 'REFUSED', 'SERVFAIL', 'NXDOMAIN', 'NOERROR'];
    expect(Object.keys(outcomes['query'] ?? {})).toEqual(
      expect.arrayContaining([...replies, 'NOERROR without data', 'NOERROR cut']),
    );
    expect(Object.keys(outcomes['upstream'] ?? {})).toEqual(
      expect.arrayContaining(['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'NOERROR cut']),
    );
    const faultsOfMessages = [
      'record',
      'rdata',
      'opt',
      'too-many-records',
      'label-type',
      'pointer-not-backwards',
    ];
    expect(Object.keys(outcomes['decode'] ?? {})).toEqual(
      expect.arrayContaining(['decoded', 'short', ...faultsOfMessages]),
    );
  });

  it.each(TARGETS)('makes the same %s packets from the same seed, and others from another', (target) => {
    const packets = (seed: number) =>
      Array.from({ length: 20 }, (_, at) => formatCase(generate(target, seed, at)));
    expect(packets(7)).toEqual(packets(7));
    expect(packets(7)).not.toEqual(packets(8));
  });

  it.each(TARGETS)('writes a %s case as a file and reads it again', (target) => {
    const fuzzCase = generate(target, 3, 3);
    expect(parseCase(`# a comment\n${formatCase(fuzzCase)}`)).toEqual(fuzzCase);
  });
});

describe('the corpus', () => {
  const files = readdirSync(corpus);
  const bench = createBench();

  it.each(files)('%s no longer breaks a rule', async (file) => {
    const { violation } = await bench.run(parseCase(readFileSync(new URL(file, corpus), 'utf8')));
    expect(violation).toBeUndefined();
  });
});

describe('a minimised packet', () => {
  it('contains only the bytes that make it fail', async () => {
    const packet = Buffer.from('a packet of which only these two matter: ! and ?');
    const small = await minimise(packet, (candidate) =>
      Promise.resolve(candidate.includes('!') && candidate.includes('?')),
    );
    expect(small.toString()).toBe('!?');
  });

  it('is the packet itself if every byte matters', async () => {
    const packet = unhex('010203');
    expect(await minimise(packet, (candidate) => Promise.resolve(candidate.equals(packet)))).toEqual(packet);
  });
});

describe('the rules', () => {
  const asked = query('web.stack', TYPE.A, { id: 7, opt: { size: 512 } });
  const { responder } = createSubject({ exchange: honestExchange });
  const replyTo = async (packet: Buffer) => {
    const reply = await responder.respond(packet, { address: '10.42.0.11', port: 5353, transport: 'udp' });
    if (!reply) throw new Error('no reply');
    return reply;
  };
  const patched = (reply: Buffer, at: number, octet: number) => {
    const copy = Buffer.from(reply);
    copy[at] = octet;
    return copy;
  };

  it('accept an honest reply', async () => {
    expect(checkReply(asked, await replyTo(asked), udp)).toBeUndefined();
  });

  it.each<readonly [string, (reply: Buffer) => Buffer | undefined]>([
    ['silence where it belongs', () => undefined],
    ['a header', (reply) => reply.subarray(0, 11)],
    ['the same ID', (reply) => patched(reply, 1, 8)],
    ['QR', (reply) => patched(reply, 2, 0x05)],
    ['the same opcode', (reply) => patched(reply, 2, 0x8d)],
    ['no larger than the client takes', (reply) => Buffer.concat([reply, Buffer.alloc(512)])],
    ['decodable', (reply) => reply.subarray(0, -1)],
    ['a known rcode', (reply) => patched(reply, 3, 0x80 | 9)],
    ['RD and CD as asked', (reply) => patched(reply, 2, 0x84)],
    ['Z clear', (reply) => patched(reply, 3, 0xc0)],
    ['AD only when asked', (reply) => patched(reply, 3, 0xa0)],
    ['the question echoed', (reply) => patched(reply, 13, 0x57)],
    ['an OPT if and only if the query has one', (reply) => patched(reply.subarray(0, -11), 11, 0)],
    ['our own OPT', (reply) => patched(reply, reply.length - 8, 0)],
    ['nothing behind the last record', (reply) => Buffer.concat([reply, Buffer.alloc(1)])],
  ])('complain when this is missing: %s', async (rule, damage) => {
    expect(checkReply(asked, damage(await replyTo(asked)), udp)?.rule).toBe(rule);
  });

  it('require a reply to a later EDNS version that says so', async () => {
    const later = query('web.stack', TYPE.A, { id: 7, opt: { size: 512, version: 1 } });
    expect(checkReply(later, await replyTo(asked), udp)?.rule).toBe('BADVERS for later versions');
  });

  it('require silence towards a reply, and a bare NOTIMP to other opcodes', async () => {
    const reply = await replyTo(asked);
    expect(checkReply(reply, reply, udp)?.rule).toBe('silence where it belongs');
    const notify = query('web.stack', TYPE.A, { id: 7, opcode: 4 });
    expect(checkReply(notify, patched(notify, 2, 0xa0), udp)?.rule).toBe('a bare NOTIMP for other opcodes');
  });
});
