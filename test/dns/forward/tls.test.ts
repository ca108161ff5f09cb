import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Forwarder } from '../../../src/dns/forward/forwarder.js';
import { EDNS_OPTION, FLAG, RCODE } from '../../../src/wire/constants.js';
import { findOption, writeOpt } from '../../../src/wire/edns.js';
import type { Query } from '../../../src/wire/query-message.js';
import type { HostPort } from '../../../src/net/ip.js';
import type { Upstream } from '../../../src/net/upstream.js';
import { replyTo } from './fake-upstream.js';
import { CA, fakeTlsUpstream, type FakeTlsUpstream, type TlsReceived } from './fake-tls-upstream.js';
import {
  addressReply,
  closing,
  forwarder,
  honest,
  outcome,
  question,
  setFlags,
  upstream,
} from './harness.js';

type Script = (received: TlsReceived, index: number) => void;

async function serve(script: Script): Promise<FakeTlsUpstream> {
  return closing(await fakeTlsUpstream('name', script));
}

const named = ({ address }: FakeTlsUpstream, name = 'dns.example'): Upstream => ({
  ...address,
  tls: { name },
});
const trusting = (...upstreams: Upstream[]): Forwarder => forwarder(upstreams, { ca: CA });
const ask = async (forward: Forwarder, ...texts: string[]): Promise<unknown[]> =>
  Promise.all(texts.map(async (text) => outcome(await forward.exchange(question(text)))));

/** A reply that says how long the connection may be idle, in units of 100 ms (RFC 7828). */
function withKeepalive(query: Query, reply: Buffer, time: number): Buffer {
  const out = Buffer.concat([reply, Buffer.alloc(6)]);
  const options = [{ code: EDNS_OPTION.TCP_KEEPALIVE, data: Uint8Array.of(time >> 8, time & 255) }];
  writeOpt(out, reply.length - 11, {
    udpSize: 1232,
    extendedRcode: 0,
    version: 0,
    dnssecOk: false,
    options,
  });
  return out;
}

describe('DNS over TLS', () => {
  it('asks many questions on one connection, padded, and accepts replies in any order', async () => {
    const held: TlsReceived[] = [];
    const fake = await serve((received) => {
      if (held.push(received) < 20) return;
      for (const [at, each] of held.toReversed().entries()) each.send(addressReply(each.query, 119 - at));
    });
    const names = Array.from({ length: 20 }, (_, i) => `n${i}.example.org`);
    expect(await ask(trusting(named(fake)), ...names)).toEqual(names.map((_, i) => [100 + i]));
    expect(fake.connections).toEqual([{ resumed: false, alpn: 'dot' }]);
    expect(new Set(fake.received.map(({ query }) => query.id)).size).toBe(20);
    for (const { query, size } of fake.received) {
      expect(size % 128).toBe(0);
      expect(query.edns?.options.map(({ code }) => code)).toEqual([65_001, 11, 12]);
      expect(findOption(query.edns, EDNS_OPTION.COOKIE)).toBeUndefined();
    }
  });

  it.each<[string, 'name' | 'address', NonNullable<Upstream['tls']>, string | undefined]>([
    ['another name', 'name', { name: 'other.example' }, CA],
    ['a name, not the address', 'name', {}, CA],
    ['the address, not the name', 'address', { name: 'dns.example' }, CA],
    ['the name, by an authority that nobody trusts', 'name', { name: 'dns.example' }, undefined],
  ])('sends nothing to a server whose certificate is for %s', async (_, certificate, tls, ca) => {
    const fake = closing(await fakeTlsUpstream(certificate, ({ query, send }) => send(honest(query))));
    const plain = await upstream(({ query, send }) => send(honest(query)));
    const forward = forwarder([{ ...fake.address, tls }], ca === undefined ? {} : { ca });
    expect(await ask(forward, 'a.example.org')).toEqual(['2/23']);
    expect(fake.received).toEqual([]);
    expect(plain.received).toEqual([]);
    expect(forward.status().routes[0]?.upstreams[0]?.lastError).toMatch(/^(ERR_TLS_CERT|UNABLE_TO|SELF_)/);
  });

  it.each([
    ['no certificate', 'junk', /^dns\.upstreamCa: the file contains no certificate; give/],
    [
      'a broken one',
      `${CA}\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
      /^dns\.upstreamCa: certificate 2 cannot be read \(.+\); give/,
    ],
  ])('is refused for a file of authorities with %s', (_, ca, message) => {
    expect(() => forwarder([], { ca })).toThrow(message);
    expect(() => forwarder([], { ca: `# ours\n${CA}${CA}` })).not.toThrow();
  });

  it('accepts a certificate for the address if no name is configured', async () => {
    const fake = closing(await fakeTlsUpstream('address', ({ query, send }) => send(honest(query))));
    expect(await ask(trusting({ ...fake.address, tls: {} }), 'a.example.org')).toEqual([[1]]);
  });

  it('never asks in clear text', async () => {
    const plain = await upstream(({ query, send }) => send(honest(query)));
    const times = { hedge: 50, deadline: 200 };
    const forward = forwarder([{ ...plain.address, tls: {} }], { ca: CA, times });
    expect(await ask(forward, 'a.example.org')).toEqual(['2/22']);
    expect(plain.received).toEqual([]);
  });

  it('repeats lost questions on a new connection, which resumes the session', async () => {
    const fake = await serve(({ query, connection, socket, send }, index) => {
      if (index === 0) send(honest(query));
      else if (connection === 0) socket.destroy();
      else send(honest(query));
    });
    const forward = trusting(named(fake));
    expect(await ask(forward, 'a.example.org')).toEqual([[1]]);
    await vi.waitFor(() => expect(fake.connections.length).toBe(1));
    expect(await ask(forward, 'b.example.org', 'c.example.org')).toEqual([[1], [1]]);
    expect(fake.connections).toEqual([
      { resumed: false, alpn: 'dot' },
      { resumed: true, alpn: 'dot' },
    ]);
    expect(forward.status().routes[0]?.upstreams[0]).toMatchObject({ up: true, failures: 0 });
  });

  it('asks twice at most, and then uses the next upstream', async () => {
    const broken = await serve(({ socket }) => socket.destroy());
    const whole = await serve(({ query, send }) => send(honest(query)));
    const forward = trusting(named(broken), named(whole));
    expect(await ask(forward, 'a.example.org')).toEqual([[1]]);
    expect(broken.received.length).toBe(2);
    expect(forward.status().routes[0]?.upstreams[0]).toMatchObject({ up: false });
  });

  it('treats a reply that is malformed, truncated or to another question as one failed attempt', async () => {
    const wrong: ((query: Query) => Buffer)[] = [
      (query) => honest(query).subarray(0, 40),
      (query) => setFlags(honest(query), FLAG.QR | FLAG.TC),
      (query) => honest({ ...query, question: { ...query.question, type: 28 } }),
    ];
    const fake = await serve(({ query, send }, index) => {
      const lie = index % 2 === 0 ? wrong[index / 2] : undefined;
      if (!lie) send(addressReply({ ...query, id: query.id ^ 1 }, 66));
      send(lie ? lie(query) : honest(query));
    });
    const forward = trusting(named(fake));
    for (const text of ['a.example.org', 'b.example.org', 'c.example.org']) {
      expect(await ask(forward, text)).toEqual([[1]]);
    }
    expect(fake.received.length).toBe(6);
    expect(fake.connections.length).toBe(1);
  });

  it('asks without EDNS when the upstream cannot read it', async () => {
    const fake = await serve(({ query, send }) =>
      send(query.edns ? replyTo({ ...query, edns: undefined }, { rcode: RCODE.FORMERR }) : honest(query)),
    );
    expect(await ask(trusting(named(fake)), 'a.example.org')).toEqual([[1]]);
    expect(fake.connections.length).toBe(1);
  });

  it('closes a connection when the upstream says that it may not be idle (RFC 7828)', async () => {
    const fake = await serve(({ query, send }) => send(withKeepalive(query, honest(query), 0)));
    const forward = trusting(named(fake));
    expect(await ask(forward, 'a.example.org')).toEqual([[1]]);
    await once(fake.received[0]?.socket ?? process, 'close');
    expect(await ask(forward, 'b.example.org')).toEqual([[1]]);
    expect(fake.connections.map(({ resumed }) => resumed)).toEqual([false, true]);
  });

  it('waits before it retries a dead server, and then does', async () => {
    let time = 0;
    let connects = 0;
    const dead = createServer((socket) => {
      connects++;
      socket.resetAndDestroy();
    });
    const forward = forwarder([{ ...(await listening(dead)), tls: {} }], { ca: CA, now: () => time });
    expect(await ask(forward, 'a.example.org')).toEqual(['2/23']);
    expect(await ask(forward, 'b.example.org')).toEqual(['2/23']);
    expect(connects).toBe(1);
    time = 200;
    expect(await ask(forward, 'c.example.org')).toEqual(['2/23']);
    expect(connects).toBe(2);
    time = 400;
    expect(await ask(forward, 'd.example.org')).toEqual(['2/23']);
    expect(connects).toBe(2);
  });

  describe('over time', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('gives up a connection that is silent for two seconds while questions wait', async () => {
      const fake = await serve(({ query, connection, send }) => {
        if (connection === 0) vi.advanceTimersByTime(2000);
        else send(honest(query));
      });
      expect(await ask(trusting(named(fake)), 'a.example.org')).toEqual([[1]]);
      expect(fake.received.map(({ connection }) => connection)).toEqual([0, 1]);
    });

    it('closes a connection that is idle for ten seconds', async () => {
      const fake = await serve(({ query, send }) => send(honest(query)));
      expect(await ask(trusting(named(fake)), 'a.example.org')).toEqual([[1]]);
      const closed = once(fake.received[0]?.socket ?? process, 'close');
      vi.advanceTimersByTime(9999);
      expect(fake.received[0]?.socket.readyState).toBe('open');
      vi.advanceTimersByTime(1);
      await closed;
    });

    it('gives up a server that does not answer the handshake for three seconds', async () => {
      const mute = createServer((socket) => {
        closing({ close: () => socket.destroy() });
        socket.once('data', () => vi.advanceTimersByTime(3000));
      });
      const forward = trusting({ ...(await listening(mute)), tls: {} });
      expect(await ask(forward, 'a.example.org')).toEqual(['2/23']);
      expect(forward.status().routes[0]?.upstreams[0]?.lastError).toBe('TLS handshake timeout');
    });
  });
});

async function listening(server: Server): Promise<HostPort> {
  await once(closing(server).listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return { ip: '127.0.0.1', port: typeof address === 'object' && address ? address.port : 0 };
}
