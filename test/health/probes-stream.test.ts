import { createServer as createTlsServer } from 'node:https';
import { createServer as createHttp2Server, type Http2Server } from 'node:http2';
import { readFileSync } from 'node:fs';
import { getEventListeners } from 'node:events';
import { Socket, type AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { GrpcCheck } from '../../src/health/check.js';
import { closeSocket } from '../../src/health/probes/close-socket.js';
import { grpcProbe } from '../../src/health/probes/grpc.js';
import { BodyMatcher, stoppedAfter } from '../../src/health/probes/body-match.js';
import { httpProbe } from '../../src/health/probes/http.js';
import type { Probe, ProbeResult } from '../../src/health/probes/probe.js';
import { probeTcp } from '../../src/health/probes/tcp.js';
import { closedPort } from '../support/own-port.js';
import { commonOf, http } from './support/checks.js';
import {
  answer,
  dribble,
  endless,
  halfClose,
  hang,
  listen,
  reset,
  stall,
  type Behaviour,
} from './support/faulty-listener.js';

const grpc = (service = ''): GrpcCheck => ({ kind: 'grpc', ...commonOf, port: 1, tls: false, service });

/** It does not stop a pattern because the machine is busy. */
const matcher = (): BodyMatcher => new BodyMatcher(() => 0, stoppedAfter(60_000));

const probes = {
  tcp: probeTcp,
  http: httpProbe(http(), matcher()),
  body: httpProbe(http(80, { body: 'ready=\\w+' }), matcher()),
  grpc: grpcProbe(grpc()),
} satisfies Record<string, Probe>;

const target = (port: number) => ({ task: 'a', ip: '127.0.0.1', port, addresses: ['127.0.0.1'] });

/** Probes a listener. @param cut ends the probe as a timeout does, once the connection is there */
async function against(probe: Probe, behave: Behaviour, cut: boolean): Promise<ProbeResult> {
  const listener = await listen(behave);
  const controller = new AbortController();
  if (cut) void listener.connected.then(() => setImmediate(() => controller.abort('timeout after 2 s')));
  const result = await probe(target(listener.port), controller.signal);
  await listener.close();
  return result;
}

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nready=yes';
const garbage = '\x00\xff\x13garbage\r\n\r\n'.repeat(20);
const passes = expect.objectContaining({ ok: true }) as ProbeResult;
const fails = (detail: string | RegExp): ProbeResult => ({
  ok: false,
  detail: typeof detail === 'string' ? detail : (expect.stringMatching(detail) as string),
});
const timedOut = fails(/^timeout after 2 s/);

describe('probes of streams', () => {
  it.each<[string, Behaviour, Record<keyof typeof probes, ProbeResult>, { cut: boolean }?]>([
    ['a good answer', answer(ok), { tcp: passes, http: passes, body: passes, grpc: timedOut }],
    ['a good answer in octets', dribble(ok), { tcp: passes, http: passes, body: passes, grpc: timedOut }],
    [
      'an answer without a length',
      answer('HTTP/1.0 204 \r\n\r\nnot ready=yet'),
      { tcp: passes, http: passes, body: passes, grpc: timedOut },
    ],
    [
      'a chunked answer that stays open',
      stall('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nrea\r\n6;x=y\r\ndy=yes\r\n0\r\n\r\n'),
      { tcp: passes, http: passes, body: passes, grpc: timedOut },
    ],
    [
      'interim answers',
      answer(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${ok}`),
      { tcp: passes, http: passes, body: passes, grpc: timedOut },
    ],
    [
      'the wrong status',
      answer('HTTP/1.1 503 Nope\r\nContent-Length: 9\r\n\r\nready=yes'),
      { tcp: passes, http: fails('HTTP 503'), body: fails('HTTP 503'), grpc: timedOut },
    ],
    [
      'the wrong body',
      answer('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno'),
      { tcp: passes, http: passes, body: fails('HTTP 200, body does not match'), grpc: timedOut },
    ],
    ['nothing', hang, { tcp: passes, http: timedOut, body: timedOut, grpc: timedOut }, { cut: true }],
    [
      'a half close',
      halfClose,
      {
        tcp: passes,
        http: fails('closed without an answer'),
        body: fails('closed without an answer'),
        grpc: fails(/./),
      },
    ],
    [
      'a reset',
      reset,
      {
        tcp: expect.anything() as ProbeResult,
        http: fails(/^(ECONNRESET|EPIPE)/),
        body: fails(/^(ECONNRESET|EPIPE)/),
        grpc: fails(/./),
      },
    ],
    [
      'garbage',
      (socket) => void socket.end(garbage, 'latin1'),
      {
        tcp: passes,
        http: fails('the answer is not HTTP'),
        body: fails('the answer is not HTTP'),
        grpc: fails(/./),
      },
    ],
    [
      'an answer that stops in its first line',
      stall('HTTP/1.1 2'),
      { tcp: passes, http: timedOut, body: timedOut, grpc: timedOut },
      { cut: true },
    ],
    [
      'an answer cut off in its head',
      answer('HTTP/1.1 200 OK\r\nContent-'),
      { tcp: passes, http: passes, body: fails('closed in the middle of its answer'), grpc: timedOut },
    ],
    [
      'a head without end',
      endless('HTTP/1.1 200 OK\r\n', 'X: y\r\n'.repeat(100)),
      { tcp: passes, http: passes, body: fails('the head of the answer is too long'), grpc: timedOut },
    ],
    [
      'a first line without end',
      endless('HTTP/1.1 200 ', 'a'.repeat(1000)),
      {
        tcp: passes,
        http: fails('the head of the answer is too long'),
        body: fails('the head of the answer is too long'),
        grpc: timedOut,
      },
    ],
    [
      'a body without end',
      endless('HTTP/1.1 200 OK\r\n\r\n', 'no '.repeat(1000)),
      { tcp: passes, http: passes, body: fails('HTTP 200, body does not match'), grpc: timedOut },
    ],
    [
      'interim answers without end',
      endless('', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(10)),
      {
        tcp: passes,
        http: fails('the answer is not HTTP'),
        body: fails('the answer is not HTTP'),
        grpc: timedOut,
      },
    ],
  ])('%s', async (_name, behave, expected, options) => {
    const cut = options?.cut ?? false;
    for (const kind of ['tcp', 'http', 'body', 'grpc'] as const) {
      // None of these speaks HTTP/2, and some are silent towards it.
      const result = await against(
        probes[kind],
        behave,
        cut || (kind === 'grpc' && expected.grpc === timedOut),
      );
      expect(result, kind).toEqual(expected[kind]);
    }
  });

  it.each(Object.entries(probes))('%s: without a listener', async (_kind, probe) => {
    const result = await probe(target(closedPort), new AbortController().signal);
    expect(result).toEqual({ ok: false, detail: 'ECONNREFUSED' });
  });

  it.each(Object.entries(probes))(
    '%s: an address that is not the task’s is refused',
    async (_kind, probe) => {
      const result = await probe({ ...target(9), addresses: ['10.0.0.1'] }, new AbortController().signal);
      expect(result).toEqual({ ok: false, detail: 'refused: 127.0.0.1 is not an address of the task' });
    },
  );

  it('a probe cancelled before it began opens no connection', async () => {
    expect(await probeTcp(target(9), AbortSignal.abort('stopped before'))).toEqual(fails('stopped before'));
  });
});

describe('after a probe', () => {
  it('nothing listens to the signal any more', async () => {
    const listener = await listen(answer(ok));
    for (const probe of [probes.tcp, probes.http]) {
      const { signal } = new AbortController();
      await probe(target(listener.port), signal);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }
    await listener.close();
  });

  it('a pending connection is given up at once', async () => {
    const listener = await listen(hang);
    const socket = new Socket().connect(listener.port, '127.0.0.1');
    closeSocket(socket);
    expect(socket.destroyed).toBe(true);
    await listener.close();
  });
});

describe('the HTTP request', () => {
  it.each([
    [http(), /^GET \/ HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nConnection: close\r\n/],
    [
      http(80, {
        method: 'HEAD',
        path: '/a?b',
        version: '1.0',
        host: 'www.example',
        headers: { 'X-Y': 'z' },
      }),
      /^HEAD \/a\?b HTTP\/1\.0\r\nHost: www\.example\r\n(?:.+\r\n)*X-Y: z\r\n\r\n$/,
    ],
  ])('is written as the check says', async (check, expected) => {
    let said = '';
    const result = await against(
      httpProbe(check, matcher()),
      (socket, request) =>
        void request.then((text) => {
          said = text;
          socket.end(ok);
        }),
      false,
    );
    expect(result).toEqual({ ok: true, detail: 'HTTP 200' });
    expect(said).toMatch(expected);
  });

  it('a pattern without end is stopped', async () => {
    const check = http(80, { body: '(a+)+$' });
    const result = await against(
      httpProbe(check, new BodyMatcher()),
      answer(`HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(40)}b`),
      false,
    );
    expect(result).toMatchObject(fails('HTTP 200, the body pattern takes too long'));
    expect(result.fault).toMatch(/^has a pattern \(http\.body\)/);
  });

  it('goes over TLS, whatever the certificate says', async () => {
    const fixture = (name: string): Buffer =>
      readFileSync(new URL(`../dns/forward/fixtures/${name}`, import.meta.url));
    // For another name, by an authority that nobody trusts.
    const tls = { key: fixture('server.key'), cert: fixture('name.pem') };
    const server = createTlsServer(tls, (_request, response) => {
      response.statusCode = 201;
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const probe = httpProbe(http(port, { tls: true, host: 'shop.example' }), matcher());
      expect(await probe(target(port), new AbortController().signal)).toEqual({
        ok: true,
        detail: 'HTTP 201',
      });
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});

describe('the gRPC probe', () => {
  /** A health service that answers with the given message. */
  async function withServer(
    message: Buffer,
    status: string,
    use: (port: number) => Promise<void>,
  ): Promise<readonly string[]> {
    const asked: string[] = [];
    const server: Http2Server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      stream.on('data', (piece: Buffer) => asked.push(`${headers[':path'] ?? ''} ${piece.toString('hex')}`));
      stream.on('error', () => undefined);
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
      const prefix = Buffer.alloc(5);
      prefix.writeUInt32BE(message.length, 1);
      stream.end(Buffer.concat([prefix, message]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    await use((server.address() as AddressInfo).port);
    await new Promise((resolve) => server.close(resolve));
    return asked;
  }

  it.each([
    [[8, 1], '0', passes],
    [[8, 2], '0', fails('NOT_SERVING')],
    [[8, 3], '0', fails('SERVICE_UNKNOWN')],
    [[], '0', fails('UNKNOWN')],
    [[8, 200], '0', fails('the answer is not a HealthCheckResponse')],
    [[8, 1], '12', fails('gRPC status 12')],
  ])('reads %j with status %s', async (message, status, expected) => {
    await withServer(Buffer.from(message), status, async (port) => {
      expect(await grpcProbe(grpc())(target(port), new AbortController().signal)).toEqual(expected);
    });
  });

  it('reads no more than necessary', async () => {
    await withServer(Buffer.alloc(8000), '0', async (port) => {
      const result = await grpcProbe(grpc())(target(port), new AbortController().signal);
      expect(result).toEqual(fails('the answer is too long'));
    });
  });

  it('asks for the service by its name', async () => {
    const asked = await withServer(Buffer.from([8, 1]), '0', async (port) => {
      await grpcProbe(grpc('shop'))(target(port), new AbortController().signal);
    });
    expect(asked).toEqual(['/grpc.health.v1.Health/Check 00000000060a0473686f70']);
  });
});
