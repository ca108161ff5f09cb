import { describe, expect, it } from 'vitest';
import { EDNS_OPTION, FLAG, RCODE } from '../../../src/wire/constants.js';
import { findOption, optSize, writeOpt } from '../../../src/wire/edns.js';
import type { Query } from '../../../src/wire/query-message.js';
import { name } from '../../wire/helpers.js';
import { replyTo, type Received } from './fake-upstream.js';
import {
  addressReply,
  forged,
  forwarder,
  honest,
  nobody,
  outcome,
  QNAME,
  question,
  setFlags,
  upstream,
} from './harness.js';

const other = (query: Query, change: Partial<Query['question']>): Query => ({
  ...query,
  question: { ...query.question, ...change },
});

describe('an upstream over UDP', () => {
  const wrong: [string, (received: Received) => void][] = [
    ['another ID', ({ query, send }) => send(forged({ ...query, id: query.id ^ 1 }))],
    ['another port', ({ query, forge }) => forge(forged(query))],
    ['another name', ({ query, send }) => send(forged(other(query, { name: name('www.example.com') })))],
    ['another type', ({ query, send }) => send(forged(other(query, { type: 28 })))],
    ['another class', ({ query, send }) => send(forged(other(query, { class: 3 })))],
    ['another opcode', ({ query, send }) => send(forged({ ...query, opcode: 4 }))],
    ['no QR', ({ query, send }) => send(setFlags(forged(query), 0))],
    ['broken records', ({ query, send }) => send(forged(query).subarray(0, 40))],
    ['nothing', ({ send }) => send(Buffer.alloc(0))],
  ];
  it.each(wrong)('is heard even after a datagram with %s', async (_, lie) => {
    const fake = await upstream((received) => {
      lie(received);
      // Loopback delivers in order, so the lie has come when the truth does.
      setTimeout(() => received.send(honest(received.query)), 10);
    });
    expect(outcome(await forwarder([fake]).exchange(question()))).toEqual([1]);
    expect(fake.received.length).toBe(1);
  });

  it('is asked over TCP when guesses flood the port', async () => {
    const fake = await upstream(({ query, transport, send }) => {
      if (transport === 'tcp') send(honest(query));
      else for (let i = 1; i <= 2000; i++) send(forged({ ...query, id: query.id ^ i }));
    });
    expect(outcome(await forwarder([fake]).exchange(question()))).toEqual([1]);
    expect(fake.received.map(({ transport }) => transport)).toEqual(['udp', 'tcp']);
  });

  it('may answer in another case, because the case is not a secret', async () => {
    const fake = await upstream(({ query, send }) =>
      send(honest(other(query, { name: name('WWW.eXample.ORG') }))),
    );
    expect(outcome(await forwarder([fake]).exchange(question()))).toEqual([1]);
  });

  it('may answer twice: only the first reply counts', async () => {
    const late: (() => void)[] = [];
    const fake = await upstream(({ query, send }) => {
      for (const repeat of late.splice(0)) repeat();
      send(honest(query));
      send(forged(query));
      late.push(() => send(forged(query)));
    });
    const forward = forwarder([fake]);
    for (const text of [QNAME, 'b.example.org', QNAME]) {
      expect(outcome(await forward.exchange(question(text)))).toEqual([1]);
    }
  });

  it('that the network refuses fails one attempt, not the query', async () => {
    const fake = await upstream(({ query, send }) => send(honest(query)));
    expect(outcome(await forwarder([nobody, fake]).exchange(question()))).toEqual([1]);
  });
});

/** A reply with a COOKIE option: the client part of the query, or another one, and a server part. */
function withCookie(query: Query, reply: Buffer, { client = cookieOf(query), rcode = 0 } = {}): Buffer {
  const bare = query.edns ? reply.subarray(0, reply.length - 11) : reply;
  const options = [
    { code: EDNS_OPTION.COOKIE, data: Buffer.concat([client.subarray(0, 8), Buffer.alloc(16, 7)]) },
  ];
  const out = Buffer.concat([bare, Buffer.alloc(optSize(options))]);
  const opt = { udpSize: 1232, extendedRcode: rcode >> 4, version: 0, dnssecOk: false, options };
  writeOpt(out, bare.length, opt);
  out.writeUInt16BE(FLAG.QR | FLAG.RA | (rcode & 0xf), 2);
  out.writeUInt16BE(1, 10);
  return out;
}

function cookieOf(query: Query): Uint8Array {
  return findOption(query.edns, EDNS_OPTION.COOKIE) ?? new Uint8Array(0);
}

describe('upstream cookies', () => {
  it('are the same for one upstream, different for others, and never those of another process', async () => {
    const fakes = [
      await upstream(({ query, send }) => send(replyTo(query, { rcode: RCODE.SERVFAIL }))),
      await upstream(({ query, send }) => send(honest(query))),
    ];
    for (const forward of [forwarder(fakes), forwarder(fakes)]) {
      await forward.exchange(question('a.example.org'));
      await forward.exchange(question('b.example.org'));
    }
    const cookies = fakes.map(({ received }) =>
      received.map(({ query }) => Buffer.from(cookieOf(query)).toString('hex')),
    );
    expect(cookies.flat().every((each) => each.length === 16)).toBe(true);
    expect(cookies.map((each) => [each[0] === each[1], each[1] === each[2], each[2] === each[3]])).toEqual([
      [true, false, true],
      [true, false, true],
    ]);
    expect(new Set(cookies.flat()).size).toBe(4);
  });

  it('come back with the server part that the upstream gave', async () => {
    const fake = await upstream(({ query, send }) => send(withCookie(query, honest(query))));
    const forward = forwarder([fake]);
    await forward.exchange(question('a.example.org'));
    await forward.exchange(question('b.example.org'));
    expect(fake.received.map(({ query }) => cookieOf(query).length)).toEqual([8, 24]);
    expect(fake.received.map(({ transport }) => transport)).toEqual(['udp', 'udp']);
  });

  it.each<[string, (query: Query) => Buffer]>([
    ['no cookie', forged],
    ['a wrong cookie', (query) => withCookie(query, forged(query), { client: Buffer.alloc(8, 1) })],
    [
      'an error that would switch EDNS off',
      ({ id }) => Buffer.from([id >> 8, id & 255, 0x80, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
    ],
  ])('reveal a forged reply with %s', async (_, forge) => {
    const fake = await upstream(({ query, transport, send }, index) => {
      send(index === 1 && transport === 'udp' ? forge(query) : withCookie(query, honest(query)));
    });
    const forward = forwarder([fake]);
    for (const text of ['a.example.org', 'b.example.org', 'c.example.org']) {
      expect(outcome(await forward.exchange(question(text)))).toEqual([1]);
    }
    expect(fake.received.map(({ transport }) => transport)).toEqual(['udp', 'udp', 'tcp', 'udp']);
  });

  it('reveal a wrong client part even before any correct one was seen', async () => {
    const fake = await upstream(({ query, transport, send }) => {
      const client = Buffer.alloc(8, 1);
      send(transport === 'udp' ? withCookie(query, forged(query), { client }) : honest(query));
    });
    expect(outcome(await forwarder([fake]).exchange(question()))).toEqual([1]);
  });

  it('are no longer expected from an upstream that says over TCP that it lost them', async () => {
    const fake = await upstream(({ query, send }, index) => {
      send(index === 0 ? withCookie(query, honest(query)) : honest(query));
    });
    const forward = forwarder([fake]);
    for (const text of ['a.example.org', 'b.example.org', 'c.example.org']) {
      expect(outcome(await forward.exchange(question(text)))).toEqual([1]);
    }
    expect(fake.received.map(({ transport }) => transport)).toEqual(['udp', 'udp', 'tcp', 'udp']);
  });

  it.each([
    ['the one that came with the refusal', 1, ['udp', 'udp']],
    ['TCP when that is refused too', 2, ['udp', 'udp', 'tcp']],
  ])('that are refused are followed by %s', async (_, refusals, transports) => {
    const fake = await upstream(({ query, send }, index) => {
      const rcode = index < refusals ? RCODE.BADCOOKIE : 0;
      send(withCookie(query, rcode === 0 ? honest(query) : addressReply(query, 66), { rcode }));
    });
    expect(outcome(await forwarder([fake]).exchange(question()))).toEqual([1]);
    expect(fake.received.map(({ transport }) => transport)).toEqual(transports);
    expect(fake.received.map(({ query }) => cookieOf(query).length)).toEqual(
      [8, 24, 24].slice(0, refusals + 1),
    );
  });

  it('are not sent to an upstream without EDNS', async () => {
    const fake = await upstream(({ query, send }) =>
      send(query.edns ? replyTo({ ...query, edns: undefined }, { rcode: RCODE.FORMERR }) : honest(query)),
    );
    const forward = forwarder([fake]);
    expect(outcome(await forward.exchange(question()))).toEqual([1]);
    expect(outcome(await forward.exchange(question('b.example.org')))).toEqual([1]);
    expect(fake.received.map(({ query }) => findOption(query.edns, EDNS_OPTION.LOOP_MARK)?.length)).toEqual([
      8,
      undefined,
      undefined,
    ]);
  });
});
