import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createSecureServer, createServer as createHttp2Server } from 'node:http2';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Catalog } from '../../src/catalog/catalog.js';
import type { HealthCheck } from '../../src/health/check.js';
import { BodyMatcher } from '../../src/health/probes/body-match.js';
import { grpcProbe } from '../../src/health/probes/grpc.js';
import { httpProbe } from '../../src/health/probes/http.js';
import type { Probe } from '../../src/health/probes/probe.js';
import { probeTcp } from '../../src/health/probes/tcp.js';
import { udpProbe } from '../../src/health/probes/udp.js';
import { expectedHeader } from '../../src/health/proxy-header.js';
import { ownProxyHeader, parseProxyHeader } from '../../src/net/proxy-protocol.js';
import { ref, taskFact } from '../support/facts.js';
import { commonOf, http, tcp } from './support/checks.js';
import { Harness } from './support/harness.js';

const fixture = (name: string): Buffer =>
  readFileSync(new URL(`../dns/forward/fixtures/${name}`, import.meta.url));
const tls = { key: fixture('server.key'), cert: fixture('name.pem') };
const versions = ['v1', 'v2'] as const;
const headers = { v1: 'PROXY UNKNOWN\r\n', v2: '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0' };

/** A server behind one that takes a PROXY header off each connection and breaks off where there is none. */
async function behindHeader(server: { emit(event: 'connection', socket: Duplex): boolean }): Promise<{
  readonly port: number;
  readonly seen: string[];
  readonly close: () => Promise<void>;
}> {
  const seen: string[] = [];
  const open = new Set<Socket>();
  const front: Server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    let begun = Buffer.alloc(0);
    const read = (): void => {
      const piece = socket.read() as Buffer | null;
      if (piece) begun = Buffer.concat([begun, piece]);
      const header = parseProxyHeader(begun);
      if (header.kind === 'incomplete') return;
      socket.off('readable', read);
      if (header.kind === 'fault') {
        seen.push('none');
        socket.destroy();
        return;
      }
      seen.push(begun.toString('latin1', 0, header.length));
      socket.unshift(begun.subarray(header.length));
      server.emit('connection', socket);
    };
    socket.on('readable', read);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  return {
    port: (front.address() as AddressInfo).port,
    seen,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        front.close(() => resolve());
      }),
  };
}

const health = (): Buffer => Buffer.from([0, 0, 0, 0, 2, 8, 1]);
const answersHealth = (server: ReturnType<typeof createHttp2Server>) =>
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(health());
  });

const grpc = (isTls: boolean): Probe =>
  grpcProbe({ kind: 'grpc', ...commonOf, port: 1, tls: isTls, service: '' });
const httpOf = (isTls: boolean): Probe => httpProbe(http(1, { tls: isTls }), new BodyMatcher());

describe.each(versions)('a probe of a port that expects PROXY headers, %s', (proxy) => {
  const kinds: [string, Probe, { emit(event: 'connection', socket: Duplex): boolean }][] = [
    ['http', httpOf(false), createHttpServer((_, response) => void response.end())],
    ['https', httpOf(true), createHttpsServer(tls, (_, response) => void response.end())],
    ['grpc', grpc(false), answersHealth(createHttp2Server())],
    ['grpc over TLS', grpc(true), answersHealth(createSecureServer(tls))],
  ];

  it.each(kinds)('%s begins with one, followed by the rest', async (_kind, probe, server) => {
    const front = await behindHeader(server);
    const target = { task: 'a', ip: '127.0.0.1', port: front.port, addresses: ['127.0.0.1'] };
    const { signal } = new AbortController();
    expect(await probe({ ...target, proxy }, signal)).toMatchObject({ ok: true });
    expect(await probe(target, signal)).toMatchObject({ ok: false });
    expect(front.seen).toEqual([headers[proxy], 'none']);
    await front.close();
  });

  it('tcp sends nothing else', async () => {
    let said = '';
    const ended = new Promise<void>((resolve) => {
      const server = createServer((socket) => {
        socket.on('data', (piece: Buffer) => (said += piece.toString('latin1')));
        socket.on('error', () => undefined);
        socket.on('close', () => server.close(() => resolve()));
      });
      server.listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        void probeTcp(
          { task: 'a', ip: '127.0.0.1', port, addresses: ['127.0.0.1'], proxy },
          new AbortController().signal,
        );
      });
    });
    await ended;
    expect(said).toBe(headers[proxy]);
  });
});

it('a datagram has the header in front', async () => {
  const socket = createSocket('udp4');
  const heard: Buffer[] = [];
  socket.on('message', (datagram, from) => {
    heard.push(datagram);
    socket.send('pong', from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const probe = udpProbe({ kind: 'udp', ...commonOf, port: 1, send: 'ping', expect: 'pong' });
  const target = {
    task: 'a',
    ip: '127.0.0.1',
    port: socket.address().port,
    addresses: ['127.0.0.1'],
    proxy: 'v2',
  } as const;
  expect(await probe(target, new AbortController().signal)).toMatchObject({ ok: true });
  socket.close();
  expect(heard).toEqual([Buffer.concat([ownProxyHeader('v2'), Buffer.from('ping')])]);
});

describe('which header a port expects', () => {
  const udp = (port: number): HealthCheck => ({ kind: 'udp', ...commonOf, port, send: '' });
  it.each([
    ['v1', tcp(80), 'v1'],
    ['v2', http(80), 'v2'],
    // A port of its own for checks, which clients of the virtual IP do not reach.
    ['v2', tcp(9000), undefined],
    ['none', tcp(80), undefined],
    [undefined, tcp(80), undefined],
    ['v2', udp(53), 'v2'],
    ['v1', udp(53), undefined],
    ['v2', udp(80), undefined],
    ['v2', { kind: 'ttl', ...commonOf }, undefined],
  ] as const)('%s, for the check %j: %s', (proxyProtocol, check, expected) => {
    const catalog = new Catalog();
    const ports = [
      { port: 80, target: 80, protocol: 'tcp' },
      { port: 53, target: 53, protocol: 'udp' },
    ] as const;
    const balancing = proxyProtocol && { balancing: { proxyProtocol } };
    catalog
      .sink('docker')
      .update({ tasks: [taskFact('a', { service: ref('web.shop'), ip: '10.0.0.7', ports, ...balancing })] });
    const task = catalog.snapshot.task('a');
    expect(task && expectedHeader(task, check, catalog.snapshot)).toBe(expected);
  });

  it('is determined at each probe, because a service may change its mind', async () => {
    const seen: (string | undefined)[] = [];
    const probe: Probe = ({ proxy }) => {
      seen.push(proxy);
      return Promise.resolve({ ok: true, detail: 'connected' });
    };
    const h = new Harness(
      { services: new Map([['default/shop/web', tcp(80, { interval: 1000, rise: 1 })]]) },
      { probeFor: () => probe },
    );
    h.checker.start();
    const ports = [{ port: 80, target: 80, protocol: 'tcp' }] as const;
    h.put(taskFact('a', { service: ref('web.shop'), ip: '10.0.0.7', ports }));
    await h.timers.advance(1000);
    h.catalog.configure({ endpointMode: 'dnsrr', balancing: { proxyProtocol: 'v2' }, vips: 'told' });
    await h.timers.advance(2000);
    h.checker.stop();
    expect([seen[0], seen.at(-1)]).toEqual([undefined, 'v2']);
  });
});
