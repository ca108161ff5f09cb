import { describe, expect, it } from 'vitest';
import type { Forwarder } from '../../../src/dns/forward/forwarder.js';
import { createResponder } from '../../../src/dns/server/responder.js';
import { createDnsServer } from '../../../src/dns/server/dns-server.js';
import { EDNS_OPTION, RCODE } from '../../../src/wire/constants.js';
import type { Exchange } from '../../../src/dns/forward/exchange.js';
import type { HostPort } from '../../../src/net/ip.js';
import { answersQuestion } from '../../../src/wire/message.js';
import { exchangeUdp } from '../../../src/dns/forward/udp-exchange.js';
import { parsed, query } from '../../wire/helpers.js';
import { closing, forwarder, honest, QNAME, question, upstream } from './harness.js';

/** A server that forwards everything, and counts what comes in. Its forwarder comes later: it needs the others' ports. */
interface Node {
  readonly address: HostPort;
  packets: number;
  forwarder: Forwarder | undefined;
}

async function node(): Promise<Node> {
  const exchange: Exchange = (asked) =>
    state.forwarder?.exchange(asked) ?? Promise.reject(new Error('no forwarder yet'));
  const responder = createResponder({
    resolver: { resolve: () => ({ kind: 'forward' }) },
    forwarder: { exchange, isLoop: (edns) => state.forwarder?.isLoop(edns) ?? false },
  });
  const server = createDnsServer({
    listen: [{ ip: '127.0.0.1', port: 0 }],
    responder: {
      respond(packet, client) {
        state.packets++;
        return responder.respond(packet, client);
      },
    },
    log: { info: () => undefined },
  });
  const state: Node = { address: { ip: '127.0.0.1', port: 0 }, packets: 0, forwarder: undefined };
  await server.start();
  closing({ close: () => server.stop() });
  return Object.assign(state, { address: server.addresses()[0] });
}

/** Sends a client's query. @returns the reply's code */
async function ask({ address }: Node, text: string): Promise<number | string> {
  const packet = query(text, 1, { id: 7 });
  const asked = parsed(packet).question;
  const outcome = await exchangeUdp(address, packet, 7, asked, () => true, AbortSignal.timeout(60_000));
  if (outcome.kind !== 'reply') return outcome.kind;
  expect(answersQuestion(outcome.message, 7, asked)).toBe(true);
  return outcome.message.rcode;
}

describe('loops', () => {
  it('are refused at construction when an upstream is this process', () => {
    const self = { ip: '127.0.0.1', port: 5300 };
    expect(() => forwarder([self], { listen: [self] })).toThrow(
      /^dns\.upstreams: 127\.0\.0\.1:5300 is Fairlead's own/,
    );
    expect(() => forwarder([self], { listen: [{ ip: '0.0.0.0', port: 5300 }] })).toThrow(/own address/);
    expect(() => forwarder([self], { listen: [{ ip: '127.0.0.1', port: 5301 }] })).not.toThrow();
  });

  it.each([
    ['a server that asks itself', 1, 2],
    ['two servers that ask each other', 2, 3],
    ['three servers in a ring', 3, 4],
  ])('end soon: %s', async (_, size, packets) => {
    const ring = await Promise.all(Array.from({ length: size }, node));
    for (const [at, each] of ring.entries()) {
      const next = ring[(at + 1) % size] ?? each;
      each.forwarder = forwarder([next.address]);
    }
    const [first] = ring;
    if (!first) throw new Error('no server');
    const names = Array.from({ length: 20 }, (__, i) => `n${i}.example.org`);
    const rcodes = await Promise.all(names.map((text) => ask(first, text)));
    expect(new Set(rcodes)).toEqual(new Set([RCODE.SERVFAIL]));
    expect(ring.reduce((sum, each) => sum + each.packets, 0)).toBe(names.length * packets);
  });

  it('end as soon when clients of both sides ask the same at once: neither side waits for the other', async () => {
    const [one, two] = [await node(), await node()];
    one.forwarder = forwarder([two.address]);
    two.forwarder = forwarder([one.address]);
    const names = Array.from({ length: 10 }, (_, i) => `n${i}.example.org`);
    const asked = names.flatMap((text) => [ask(one, text), ask(two, text)]);
    expect(new Set(await Promise.all(asked))).toEqual(new Set([RCODE.SERVFAIL]));
    expect(one.packets + two.packets).toBeLessThanOrEqual(asked.length * 3);
  });

  it('are not detected from other uses of the same option', async () => {
    const forward = forwarder([]);
    const edns = (data: Uint8Array) => ({
      udpSize: 1232,
      extendedRcode: 0,
      version: 0,
      dnssecOk: false,
      options: [{ code: EDNS_OPTION.LOOP_MARK, data }],
    });
    for (const data of [new Uint8Array(0), new Uint8Array(5), new Uint8Array(8), new Uint8Array(8000)]) {
      expect(forward.isLoop(edns(data))).toBe(false);
    }
    expect(forward.isLoop(undefined)).toBe(false);
    const fake = await upstream(({ query, send }) => send(honest(query)));
    const sender = forwarder([fake]);
    // Nine marks came with the query: the option stays at eight, and ours is among them.
    await sender.exchange(question(QNAME, { marks: new Uint8Array(64).fill(7) }));
    const [received] = fake.received;
    expect(received?.query.edns?.options[0]?.data.length).toBe(64);
    expect(sender.isLoop(received?.query.edns)).toBe(true);
  });
});
