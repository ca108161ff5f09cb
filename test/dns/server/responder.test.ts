import { describe, expect, it } from 'vitest';
import type { ForwardQuestion, ForwardResult } from '../../../src/dns/forward/exchange.js';
import { answerQuery } from '../../../src/dns/server/answer-query.js';
import type { Question, Resolution } from '../../../src/dns/resolver.js';
import type { Client } from '../../../src/dns/server/query-client.js';
import type { ResponderOptions } from '../../../src/dns/server/responder-options.js';
import { createResponder } from '../../../src/dns/server/responder.js';
import { EDE, EDNS_OPTION, FLAG, RCODE, TYPE } from '../../../src/wire/constants.js';
import { findOption } from '../../../src/wire/edns.js';
import type { Message } from '../../../src/wire/message.js';
import { nameToText } from '../../../src/wire/name-text.js';
import { composeReply } from '../../../src/wire/reply.js';
import { a, cname, decoded, hex, manyA, name, parsed, query, soa, unhex } from '../../wire/helpers.js';

const udp: Client = { address: '127.0.0.9', port: 5353, transport: 'udp' };
const tcp: Client = { ...udp, transport: 'tcp' };
const EDNS = { dnssecOk: false, options: [] };

const answer = (fields: Partial<Extract<Resolution, { kind: 'answer' }>>): Resolution => ({
  kind: 'answer',
  rcode: 0,
  aa: true,
  answers: [],
  authority: [],
  ...fields,
});

type Script = Resolution | ((question: Question, client: { address: string }) => Resolution);

function responder(script: Script, options: Partial<ResponderOptions> = {}) {
  const resolver = {
    resolve: (question: Question, client: { address: string }) =>
      typeof script === 'function' ? script(question, client) : script,
  };
  return createResponder({ resolver, randomBelow: () => 1, ...options });
}

/** A forwarder that answers with this, and remembers what it was asked. */
function forwarder(result: ForwardResult, loop = false) {
  const asked: ForwardQuestion[] = [];
  return {
    asked,
    isLoop: () => loop,
    exchange: (question: ForwardQuestion) => {
      asked.push(question);
      return Promise.resolve(result);
    },
  };
}

function upstreamSays(
  qname: string,
  type: number,
  body: Partial<Parameters<typeof composeReply>[1]>,
): ForwardResult {
  const { message } = composeReply(parsed(query(qname, type)), { rcode: 0, ra: true, ...body }, 65535);
  return { ok: true, message: decoded(message), upstream: { ip: '127.0.0.53', port: 53 } };
}

const down: ForwardResult = {
  ok: false,
  rcode: RCODE.SERVFAIL,
  ede: { code: EDE.NETWORK_ERROR, text: 'down' },
};

async function ask(of: ReturnType<typeof responder>, packet: Buffer, client = udp): Promise<Message> {
  const reply = await of.respond(packet, client);
  if (reply === undefined) throw new Error('no reply');
  return decoded(reply);
}

function ede(message: Message): string | undefined {
  return hex(findOption(message.edns, EDNS_OPTION.EDE)?.subarray(0, 2));
}

describe('own names', () => {
  it('reach the resolver in lower case and come back in the case of the question, at once', () => {
    const seen: unknown[] = [];
    const server = responder(({ name: asked, labels, type }, client) => {
      seen.push([nameToText(asked), labels, type, client.address]);
      return answer({ answers: [a('web.stack.rancher.internal', '10.42.0.7')] });
    });
    const reply = server.respond(query('wEb.StAcK.rancher.internal', TYPE.A), udp);
    expect(reply).toBeInstanceOf(Buffer);
    const message = decoded(reply as Buffer);
    expect(seen).toEqual([
      ['web.stack.rancher.internal', ['web', 'stack', 'rancher', 'internal'], TYPE.A, '127.0.0.9'],
    ]);
    expect(message.flags).toBe(FLAG.QR | FLAG.AA | FLAG.RD | FLAG.RA);
    expect(nameToText(message.answers[0]?.owner ?? name('.'))).toBe('wEb.StAcK.rancher.internal');
  });

  it('carry an OPT if and only if the query did', async () => {
    const server = responder(answer({ rcode: 3, authority: [soa('x')] }));
    expect((await ask(server, query('a.x', 1))).edns).toBeUndefined();
    expect((await ask(server, query('a.x', 1, { edns: EDNS }))).edns).toMatchObject({ udpSize: 1232 });
  });

  it('rotate sets of addresses, and keep the order of the CNAMEs in front', async () => {
    const answers = [cname('a.x', 'b.x'), cname('b.x', 'c.x'), ...manyA('c.x', 3)];
    const message = await ask(responder(answer({ answers })), query('a.x', 1));
    const shown = message.answers.map(({ rdata }) =>
      rdata.kind === 'a' ? rdata.address[3] : rdata.kind === 'cname' ? nameToText(rdata.target) : '?',
    );
    expect(shown).toEqual(['b.x', 'c.x', 1, 2, 0]);
  });

  it('are cut to 512 octets over UDP with TC, and complete over TCP', async () => {
    const server = responder(answer({ answers: manyA('big.x', 60) }));
    const cut = await ask(server, query('big.x', 1));
    expect((cut.flags & FLAG.TC) !== 0 && cut.wire.length <= 512 && cut.answers.length).toBe(30);
    expect((await ask(server, query('big.x', 1), tcp)).answers.length).toBe(60);
    expect(server.counters()).toMatchObject({ truncated: 1, packets: { udp: 1, tcp: 1 } });
  });

  it('are SERVFAIL when the resolver throws, and the next query is answered', async () => {
    const faults: unknown[] = [];
    let broken = true;
    const server = responder(
      () => {
        if (broken) throw new Error('bug');
        return answer({});
      },
      { onFault: (error) => faults.push(error) },
    );
    expect((await ask(server, query('a.x', 1))).rcode).toBe(RCODE.SERVFAIL);
    broken = false;
    expect((await ask(server, query('a.x', 1))).rcode).toBe(RCODE.NOERROR);
    expect(faults).toEqual([new Error('bug')]);
    expect(server.counters().faults).toBe(1);
  });
});

describe('a name for which a source is asked first', () => {
  it('is resolved again when the source has looked, and only once', async () => {
    let come: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      come = resolve;
    });
    const seen: unknown[] = [];
    const server = responder((question, client) => {
      seen.push([nameToText(question.name), { ...client }]);
      if (seen.length === 1) return { kind: 'await', until };
      return answer({ answers: [a('web.x', '10.42.0.7')] });
    });
    const packet = query('wEb.x', TYPE.A);
    const reply = server.respond(packet, udp);
    expect(reply).toBeInstanceOf(Promise);
    // The listener reads the next packet into the same memory.
    packet.fill(0);
    come();
    const message = decoded((await reply) ?? Buffer.of());
    expect(nameToText(message.answers[0]?.owner ?? name('.'))).toBe('wEb.x');
    expect(seen).toEqual([
      ['web.x', { address: udp.address }],
      ['web.x', { address: udp.address, hasWaited: true }],
    ]);
  });

  it('is SERVFAIL if that fails', async () => {
    let calls = 0;
    const server = responder(() => {
      if (calls++ > 0) throw new Error('bug');
      return { kind: 'await', until: Promise.resolve() };
    });
    expect((await ask(server, query('web.x', TYPE.A))).rcode).toBe(RCODE.SERVFAIL);
    expect(server.counters().faults).toBe(1);
  });
});

describe('silence and refusal', () => {
  it('are counted by their reason', async () => {
    const server = responder({ kind: 'drop' });
    const reply = query('a', 1);
    reply.writeUInt16BE(0x8000, 2);
    expect(await server.respond(query('a', 1), udp)).toBeUndefined();
    expect(await server.respond(query('a', 1), { ...udp, port: 0 })).toBeUndefined();
    expect(await server.respond(reply, udp)).toBeUndefined();
    expect(await server.respond(Buffer.alloc(3), udp)).toBeUndefined();
    expect(server.counters().dropped).toEqual({
      policy: 1,
      'source-port': 1,
      response: 1,
      short: 1,
      'rate-limit': 0,
    });
  });

  it('apply to errors and cookies of a client that is not served', async () => {
    const resolver = { resolve: () => answer({}), serves: () => false };
    const server = createResponder({ resolver });
    const odd = query('a', 1);
    odd.writeUInt16BE(0x1000, 2);
    const cookie = unhex(
      '1234 0000 0000 0000 0000 0001 00 0029 04d0 00000000 000c 000a 0008 0102030405060708',
    );
    for (const packet of [odd, query('a', TYPE.OPT), cookie]) {
      expect(await server.respond(packet, udp)).toBeUndefined();
    }
    expect(await server.respond(Buffer.alloc(3), udp)).toBeUndefined();
    expect(server.counters().dropped).toMatchObject({ policy: 3, short: 1 });
  });

  it('meet every reply of ours that comes back, so that two servers never talk to each other', async () => {
    const server = responder(answer({ answers: manyA('big.x', 60) }));
    for (const packet of [query('big.x', 1), query('big.x', 1, { edns: EDNS }), query('a', TYPE.OPT)]) {
      const reply = await server.respond(packet, udp);
      expect(await server.respond(reply ?? Buffer.alloc(0), udp)).toBeUndefined();
    }
    expect(server.counters().dropped.response).toBe(3);
  });

  it('give the reason to a client with EDNS', async () => {
    const server = responder({ kind: 'refuse', ede: { code: EDE.PROHIBITED } });
    const message = await ask(server, query('a.x', 1, { edns: EDNS }));
    expect([message.rcode, message.questions.length, ede(message)]).toEqual([RCODE.REFUSED, 1, '0012']);
  });

  it('count a flood of unusual types as one', async () => {
    const server = responder(answer({}));
    for (const type of [1, 1, 28, 60000, 60001]) await ask(server, query('a.x', type));
    expect(server.counters().queries).toEqual({ A: 2, AAAA: 1, other: 2 });
    expect(server.counters().replies).toEqual({ NOERROR: 5 });
  });
});

describe('other names', () => {
  const own = [{ ip: '127.0.0.60', port: 53 }];
  const leadsOut = { answers: [cname('a.x', 'b.example')], chase: name('b.example') };

  it('go upstream in lower case, with DO and CD, and their reply is relayed', async () => {
    const up = forwarder(
      upstreamSays('www.example.org', 1, { answers: [a('www.example.org', '192.0.2.1')] }),
    );
    const server = responder({ kind: 'forward' }, { forwarder: up });
    const packet = query('WWW.example.org', 1, { cd: true, edns: { ...EDNS, dnssecOk: true } });
    const reply = server.respond(packet, udp);
    // The packet's memory belongs to the transport again.
    packet.fill(0xff);
    const message = decoded((await reply) ?? Buffer.alloc(0));
    expect(up.asked).toMatchObject([{ type: 1, dnssecOk: true, checkingDisabled: true }]);
    expect(up.asked.map((question) => nameToText(question.name))).toEqual(['www.example.org']);
    expect(nameToText(message.answers[0]?.owner ?? name('.'))).toBe('WWW.example.org');
    expect(message.flags).toBe(FLAG.QR | FLAG.RD | FLAG.RA | FLAG.CD);
    expect(server.counters()).toMatchObject({ forwarded: 1, replies: { NOERROR: 1 } });
  });

  it.each([
    ['without RD', query('a.x', 1, { rd: false, edns: EDNS }), RCODE.REFUSED, '0014', 0],
    ['when upstream is down', query('a.x', 1, { edns: EDNS }), RCODE.SERVFAIL, '0017', 1],
  ])('%s', async (_, packet, rcode, code, asked) => {
    const up = forwarder(down);
    const message = await ask(responder({ kind: 'forward' }, { forwarder: up }), packet);
    expect([message.rcode, ede(message), up.asked.length]).toEqual([rcode, code, asked]);
  });

  it('are refused when there is no forwarder, and when the query has looped', async () => {
    expect((await ask(responder({ kind: 'forward' }), query('a.x', 1))).rcode).toBe(RCODE.REFUSED);
    const server = responder({ kind: 'forward' }, { forwarder: forwarder(down, true) });
    expect((await ask(server, query('a.x', 1))).rcode).toBe(RCODE.REFUSED);
    expect(server.counters()).toMatchObject({ loops: 1, forwarded: 0 });
  });

  it('that are already known are answered at once, and nothing of the packet is kept', () => {
    const kept: ForwardQuestion[] = [];
    const known = upstreamSays('a.example', 1, { answers: [a('a.example', '192.0.2.1')] });
    const up = {
      ...forwarder(down),
      lookup: (question: ForwardQuestion) => {
        kept.push(question);
        return known;
      },
    };
    const server = responder({ kind: 'forward' }, { forwarder: up });
    const mark = { code: EDNS_OPTION.LOOP_MARK, data: Buffer.alloc(8, 5) };
    const packet = query('A.example', 1, { edns: { dnssecOk: false, options: [mark] } });
    const reply = server.respond(packet, udp);
    expect(reply).toBeInstanceOf(Buffer);
    packet.fill(0xff);
    expect(kept.map((question) => [nameToText(question.name), hex(question.marks)])).toEqual([
      ['a.example', '05'.repeat(8)],
    ]);
    expect(up.asked).toEqual([]);
  });

  it.each([
    ['forwarded', { kind: 'forward' } as const, { kind: 'forward', upstreams: own } as const],
    ['chased', answer(leadsOut), answer({ ...leadsOut, upstreams: own })],
  ])('that are %s go to the client’s own upstreams', async (_, plain, withOwn) => {
    const up = forwarder(down);
    await ask(responder(withOwn, { forwarder: up }), query('a.x', 1));
    await ask(responder(plain, { forwarder: up }), query('a.x', 1));
    expect(up.asked.map((question) => question.upstreams)).toEqual([own, undefined]);
  });

  it('are SERVFAIL when the forwarder unexpectedly rejects', async () => {
    const broken = { isLoop: () => false, exchange: () => Promise.reject(new Error('bug')) };
    const server = responder({ kind: 'forward' }, { forwarder: broken });
    expect((await ask(server, query('a.x', 1))).rcode).toBe(RCODE.SERVFAIL);
    expect(server.counters().faults).toBe(1);
  });

  it('that do not fit into a message at all are SERVFAIL, not a name without data', async () => {
    const filler = { ...a('big.example', '192.0.2.1'), type: 65280 };
    const answers = [{ ...filler, rdata: { kind: 'raw' as const, bytes: Buffer.alloc(65_470) } }];
    const up = forwarder(upstreamSays('big.example', 65280, { answers }));
    const server = responder({ kind: 'forward' }, { forwarder: up, nsid: 'n'.repeat(100) });
    const ask1 = await ask(server, query('big.example', 65280), tcp);
    const options = [{ code: EDNS_OPTION.NSID, data: Buffer.alloc(0) }];
    const ask2 = await ask(server, query('big.example', 65280, { edns: { dnssecOk: false, options } }), tcp);
    expect([ask1.rcode, ask1.answers.length]).toEqual([RCODE.NOERROR, 1]);
    expect([ask2.rcode, ask2.answers.length, ede(ask2)]).toEqual([RCODE.SERVFAIL, 0, '0000']);
  });
});

describe('a CNAME that leads outside', () => {
  const own = answer({ answers: [cname('crm.x', 'www.example.org')], chase: name('www.example.org') });
  const kinds = (message: Message) =>
    message.answers.map(({ owner, rdata }) => `${nameToText(owner)} ${rdata.kind}`);

  it('continues with the upstream’s answer for its target, in that order', async () => {
    const answers = [
      cname('www.example.org', 'lb.example.org'),
      a('lb.example.org', '192.0.2.2'),
      a('lb.example.org', '192.0.2.1'),
    ];
    const up = forwarder(upstreamSays('www.example.org', 1, { answers, authority: [soa('example.org')] }));
    const message = await ask(responder(own, { forwarder: up }), query('crm.x', 1));
    expect(kinds(message)).toEqual([
      'crm.x cname',
      'www.example.org cname',
      'lb.example.org a',
      'lb.example.org a',
    ]);
    expect([message.authority.length, (message.flags & FLAG.AA) !== 0]).toEqual([0, true]);
  });

  it('has the response code and the SOA of its last name', async () => {
    const up = forwarder(upstreamSays('www.example.org', 1, { rcode: 3, authority: [soa('example.org')] }));
    const message = await ask(responder(own, { forwarder: up }), query('crm.x', 1));
    expect([message.rcode, kinds(message), message.authority.length]).toEqual([3, ['crm.x cname'], 1]);
  });

  it('is SERVFAIL without records when upstream fails', async () => {
    const message = await ask(
      responder(own, { forwarder: forwarder(down) }),
      query('crm.x', 1, { edns: EDNS }),
    );
    expect([message.rcode, message.answers.length, ede(message)]).toEqual([RCODE.SERVFAIL, 0, '0017']);
  });

  it('is answered as it is if the client wants no recursion', async () => {
    const up = forwarder(down);
    const message = await ask(responder(own, { forwarder: up }), query('crm.x', 1, { rd: false }));
    expect([message.rcode, kinds(message), up.asked.length]).toEqual([0, ['crm.x cname'], 0]);
  });

  it.each([
    ['upstream', [cname('www.example.org', 'b.example.org'), cname('b.example.org', 'www.example.org')]],
    ['us and upstream', [cname('www.example.org', 'CRM.x')]],
  ])('is SERVFAIL without records when it loops in %s', async (_where, answers) => {
    const up = forwarder(upstreamSays('www.example.org', 1, { answers }));
    const message = await ask(responder(own, { forwarder: up }), query('crm.x', 1, { edns: EDNS }));
    expect([message.rcode, message.answers.length, ede(message)?.slice(0, 4)]).toEqual([
      RCODE.SERVFAIL,
      0,
      '0000',
    ]);
  });
});

describe('answerQuery', () => {
  it('shows what a client would get, without counting it', async () => {
    const server = responder((_question, client) => answer({ answers: [a('web.x', client.address)] }));
    let time = 0;
    const asked = await answerQuery(server, 'Web.x.', TYPE.A, '127.0.0.21', () => (time += 2));
    if (!asked.ok) throw new Error(asked.fault);
    expect([asked.source, asked.ms]).toEqual(['own', 2]);
    expect(decoded(asked.message).answers).toMatchObject([
      { rdata: { kind: 'a', address: Buffer.from([127, 0, 0, 21]) } },
    ]);
    expect(server.counters()).toMatchObject({ queries: {}, replies: {}, packets: { udp: 0, tcp: 0 } });
  });

  it('says where the answer came from, or why there is none', async () => {
    const up = forwarder(upstreamSays('a.example', 1, {}));
    const server = responder({ kind: 'forward' }, { forwarder: up });
    expect(await answerQuery(server, 'a.example', 1, '::1')).toMatchObject({ ok: true, source: 'upstream' });
    expect(await answerQuery(server, 'a..b', 1, '::1')).toEqual({ ok: false, fault: 'name' });
    expect(await answerQuery(responder({ kind: 'drop' }), 'a.b', 1, '::1')).toEqual({
      ok: false,
      fault: 'silence',
    });
  });
});
