import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatProxyHeader,
  ownProxyHeader,
  parseProxyHeader,
  type ProxiedAddresses,
} from '../../src/net/proxy-protocol.js';
import { answerAtEnd, Client, echo, until } from '../balancer/proxy/peer.js';
import { setUpProxy } from '../balancer/proxy/proxy-setup.js';
import { describeTcp } from '../balancer/proxy/tcp/tcp-implementations.js';
import { runs } from '../support/depth.js';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const v2 = (hex: string): Buffer => Buffer.from(SIGNATURE + hex.replaceAll(' ', ''), 'hex');
const incomplete = { kind: 'incomplete' };
const fault = (pattern: RegExp): unknown => ({
  kind: 'fault',
  fault: expect.stringMatching(pattern) as string,
});
const addresses = (source: [string, number], destination: [string, number]): ProxiedAddresses => ({
  source: { ip: source[0], port: source[1] },
  destination: { ip: destination[0], port: destination[1] },
});
const four = addresses(['192.0.2.7', 5000], ['10.43.0.1', 80]);

describe('a PROXY header', () => {
  it.each<[string, Buffer | string, unknown]>([
    [
      'v1, TCP4',
      'PROXY TCP4 192.0.2.7 10.43.0.1 5000 80\r\nGET',
      { kind: 'header', length: 40, addresses: four },
    ],
    [
      'v1, TCP6',
      'PROXY TCP6 2001:db8::7 2001:db8::1 5000 80\r\n',
      { kind: 'header', length: 44, addresses: addresses(['2001:db8::7', 5000], ['2001:db8::1', 80]) },
    ],
    ['v1, UNKNOWN with something behind it', 'PROXY UNKNOWN what ever\r\nx', { kind: 'header', length: 25 }],
    ['v1, not all of it', 'PROXY TCP4 192.0.2.7 10.43', incomplete],
    ['the first letter', 'P', incomplete],
    ['nothing', '', incomplete],
    ['v1, without an end', `PROXY TCP4 ${'1'.repeat(200)}`, fault(/no end within 107/)],
    ['v1, another protocol', 'PROXY SCTP 192.0.2.7 10.43.0.1 5000 80\r\n', fault(/other than TCP4/)],
    ['v1, families mixed', 'PROXY TCP4 ::1 10.43.0.1 5000 80\r\n', fault(/no two TCP4 addresses/)],
    ['v1, a port too large', 'PROXY TCP4 192.0.2.7 10.43.0.1 65536 80\r\n', fault(/no two TCP4 addresses/)],
    ['v1, an octal address', 'PROXY TCP4 192.0.2.07 10.43.0.1 1 80\r\n', fault(/no two TCP4 addresses/)],
    ['v1, a field too many', 'PROXY TCP4 192.0.2.7 10.43.0.1 1 80 x\r\n', fault(/no two TCP4 addresses/)],
    ['v1 in small letters', 'proxy TCP4', fault(/is missing/)],
    ['an HTTP request', 'GET / HTTP/1.1\r\n', fault(/is missing/)],
    [
      'v2, TCP4',
      v2('21 11 000c c0000207 0a2b0001 1388 0050'),
      { kind: 'header', length: 28, addresses: four },
    ],
    [
      'v2, TCP4 with TLVs',
      v2('21 11 0010 c0000207 0a2b0001 1388 0050 04 0001 00'),
      { kind: 'header', length: 32, addresses: four },
    ],
    ['v2, LOCAL', v2('20 00 0000'), { kind: 'header', length: 16 }],
    ['v2, LOCAL with addresses to ignore', v2('20 11 0002 ffff'), { kind: 'header', length: 18 }],
    ['v2, a family other than IP', v2('21 31 0002 ffff'), { kind: 'header', length: 18 }],
    ['v2, not all of it', v2('21 11 000c c00002'), incomplete],
    ['v2, part of its signature', v2('').subarray(0, 5), incomplete],
    ['v2, too short for its addresses', v2('21 11 0004 c0000207'), fault(/too short/)],
    ['v2, a version to come', v2('31 11 0000'), fault(/version 3/)],
    ['v2, an unknown command', v2('22 11 0000'), fault(/command 2/)],
    ['v2, far too long', v2('21 11 ffff'), fault(/65551 bytes/)],
  ])('%s', (_name, bytes, expected) => {
    expect(parseProxyHeader(Buffer.from(bytes as string, 'latin1'))).toEqual(expected);
  });

  it.each(['v1', 'v2'] as const)('of the proxy itself, %s, contains no client', (version) => {
    const header = ownProxyHeader(version);
    expect(parseProxyHeader(Buffer.concat([header, Buffer.from('GET')]))).toEqual({
      kind: 'header',
      length: header.length,
    });
  });

  const ip = fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', '::1', 'fe80::1', '2001:db8:1:2:3:4:5:6'));
  const port = fc.nat(65_535);
  const end = fc.record({ ip, port });

  it('that is written is read as the same addresses, in any pieces', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('v1', 'v2'),
        end,
        end,
        fc.uint8Array(),
        (version, source, destination, rest) => {
          const header = formatProxyHeader(version, { source, destination });
          for (let length = 0; length < header.length; length++)
            expect(parseProxyHeader(header.subarray(0, length))).toEqual(incomplete);
          expect(parseProxyHeader(Buffer.concat([header, rest]))).toEqual({
            kind: 'header',
            length: header.length,
            addresses: { source, destination },
          });
        },
      ),
    );
  });

  it('may be any bytes: the reader neither throws nor waits for more than the longest header', () => {
    const start = fc.constantFrom(
      '',
      'PROXY ',
      'PROXY TCP4 ',
      'PROXY TCP6 ',
      v2('').toString('latin1'),
      v2('2111').toString('latin1'),
    );
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 300 }), (begin, bytes) => {
        const text = Buffer.concat([Buffer.from(begin, 'latin1'), bytes]);
        const result = parseProxyHeader(text);
        if (result.kind === 'header') expect(result.length).toBeLessThanOrEqual(text.length);
        if (result.kind === 'incomplete') expect(text.length).toBeLessThan(16 + 4096);
      }),
      { numRuns: runs(2000) },
    );
  });
});

describeTcp('the PROXY protocol on a virtual service', (implementation) => {
  const { peer, serve } = setUpProxy(85, implementation);
  const told = answerAtEnd((got) => JSON.stringify(parseProxyHeader(got)) + got.subarray(-4).toString());

  it.each(['v1', 'v2'] as const)('%s tells the task the address of the client', async (version) => {
    const { vip } = await serve([(await peer(told)).address], { proxyProtocol: version });
    const client = new Client(vip, '127.0.0.9').end('body');
    const { text } = await client.over;
    expect(text.slice(-4)).toBe('body');
    expect(JSON.parse(text.slice(0, -4))).toMatchObject({
      kind: 'header',
      addresses: { source: { ip: '127.0.0.9' }, destination: vip },
    });
  });

  it('is read from clients in any pieces, counts for limits, and is passed on', async () => {
    const over = { acceptProxy: true, proxyProtocol: 'v2', maxPerClient: 1 } as const;
    const { vip, counters } = await serve([(await peer(told)).address], over);
    const header = formatProxyHeader('v1', four).toString('latin1');
    const client = new Client(vip);
    for (const letter of header) {
      client.send(letter);
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.send('bo');
    await until(async () => (await counters()).bytesIn === 2);
    expect((await new Client(vip).send(`${header}x`).over).end).toBe('ECONNRESET');
    const { text } = await client.end('dy').over;
    expect(text.slice(-4)).toBe('body');
    expect(JSON.parse(text.slice(0, -4))).toMatchObject({ addresses: four });
  });

  it.each([
    ['something else', 'GET / HTTP/1.1\r\n\r\n', false],
    ['an end', '', true],
  ])('that is missing, %s instead, resets the client', async (_name, text, ends) => {
    const { vip, counters } = await serve([(await peer(told)).address], { acceptProxy: true });
    const client = new Client(vip).send(text);
    if (ends) client.end();
    expect((await client.over).end).toBe('ECONNRESET');
    await until(async () => (await counters()).active === 0);
    expect((await counters()).refused).toBe(1);
  });
});

describeTcp(
  'a PROXY header',
  (implementation) => {
    const { peer, serve } = setUpProxy(88, implementation);

    it('that does not come in time resets the client', async () => {
      const { vip, counters, clock } = await serve([(await peer(echo)).address], { acceptProxy: true });
      const client = new Client(vip).send('PROXY TCP4 ');
      await until(async () => (await counters()).active === 1);
      clock.ahead += 6000;
      expect((await client.over).end).toBe('ECONNRESET');
      expect((await counters()).refused).toBe(1);
    });
  },
  { clock: true },
);
