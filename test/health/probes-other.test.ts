import { createSocket } from 'node:dgram';
import { encode } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DnsCheck, ExecCheck, UdpCheck } from '../../src/health/check.js';
import { dnsProbe } from '../../src/health/probes/dns.js';
import { execProbe, type ExecPort } from '../../src/health/probes/exec.js';
import type { Probe, ProbeResult } from '../../src/health/probes/probe.js';
import { TtlBoard } from '../../src/health/probes/ttl.js';
import { udpProbe } from '../../src/health/probes/udp.js';
import { closedPort } from '../support/own-port.js';
import { commonOf } from './support/checks.js';

const udpCheck = (over: Partial<UdpCheck> = {}): UdpCheck => ({
  kind: 'udp',
  ...commonOf,
  port: 1,
  send: 'ping',
  ...over,
});
const dnsCheck: DnsCheck = { kind: 'dns', ...commonOf, port: 53, name: 'shop.example', type: 'A' };

const target = (port: number) => ({ task: 'a', ip: '127.0.0.1', port, addresses: ['127.0.0.1'] });

/** @param reply undefined: the listener is silent, and the probe's time is over once it was asked */
async function against(probe: Probe, reply: (query: Buffer) => Buffer[] | undefined): Promise<ProbeResult> {
  const controller = new AbortController();
  const socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const answers = reply(query);
    for (const answer of answers ?? []) socket.send(answer, from.port, from.address);
    if (answers === undefined) controller.abort('timeout after 2 s');
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const result = await probe(target(socket.address().port), controller.signal);
  await new Promise<void>((resolve) => socket.close(resolve));
  return result;
}

describe('the UDP probe', () => {
  const pong = udpCheck({ expect: 'pong' });
  it.each<[string, UdpCheck, (query: Buffer) => Buffer[] | undefined, ProbeResult]>([
    ['any answer', udpCheck(), () => [Buffer.from('x')], { ok: true, detail: 'answer of 1 bytes' }],
    [
      'the right answer',
      pong,
      (query) => [Buffer.from(`pong ${query.toString()}`)],
      { ok: true, detail: 'answer of 9 bytes' },
    ],
    [
      'a wrong one before it',
      pong,
      () => [Buffer.from('pang'), Buffer.from('pong')],
      { ok: true, detail: 'answer of 4 bytes' },
    ],
    [
      'an empty datagram',
      udpCheck({ send: '' }),
      (query) => (query.length === 0 ? [Buffer.alloc(0)] : []),
      { ok: true, detail: 'answer of 0 bytes' },
    ],
    ['silence', udpCheck(), () => undefined, { ok: true, detail: 'no answer, and no "port unreachable"' }],
    [
      'silence where an answer is expected',
      pong,
      () => undefined,
      { ok: false, detail: 'timeout after 2 s (waiting for the answer)' },
    ],
  ])('%s', async (_name, check, reply, expected) => {
    expect(await against(udpProbe(check), reply)).toEqual(expected);
  });

  it.each<[string, Probe]>([
    ['udp', udpProbe(udpCheck())],
    ['dns', dnsProbe(dnsCheck)],
  ])('%s: without a listener', async (_kind, probe) => {
    const result = await probe(target(closedPort), new AbortController().signal);
    expect(result).toEqual({ ok: false, detail: 'ECONNREFUSED' });
  });

  it('an address that is not the task’s is refused', async () => {
    const elsewhere = { ...target(9), addresses: ['10.0.0.1'] };
    for (const probe of [udpProbe(udpCheck()), dnsProbe(dnsCheck)])
      expect(await probe(elsewhere, new AbortController().signal)).toMatchObject({ ok: false });
  });
});

describe('the DNS probe', () => {
  const reply = (query: Buffer, flags: number, count = 1): Buffer =>
    encode({
      type: 'response',
      id: query.readUInt16BE(0),
      flags,
      questions: [{ name: 'shop.example', type: 'A' }],
      answers: Array.from({ length: count }, () => ({
        name: 'shop.example',
        type: 'A' as const,
        data: '10.0.0.1',
      })),
    });
  const other = (query: Buffer): Buffer => {
    const answer = reply(query, 3);
    answer.writeUInt16BE(query.readUInt16BE(0) ^ 1, 0);
    return answer;
  };
  it.each<[string, (query: Buffer) => Buffer[] | undefined, ProbeResult]>([
    ['an answer', (query) => [reply(query, 0)], { ok: true, detail: 'NOERROR, 1 record' }],
    [
      'an answer without records',
      (query) => [reply(query, 0, 0)],
      { ok: true, detail: 'NOERROR, 0 records' },
    ],
    ['a refusal', (query) => [reply(query, 5)], { ok: false, detail: 'REFUSED' }],
    ['a failure', (query) => [reply(query, 2)], { ok: false, detail: 'SERVFAIL' }],
    [
      'an answer to another question first',
      (query) => [other(query), reply(query, 0)],
      { ok: true, detail: 'NOERROR, 1 record' },
    ],
    ['garbage', () => [Buffer.from('garbage')], { ok: false, detail: 'the answer is not a DNS message' }],
    [
      'an answer cut off',
      (query) => [reply(query, 0).subarray(0, 20)],
      { ok: false, detail: 'the answer is not a DNS message' },
    ],
    ['silence', () => undefined, { ok: false, detail: 'timeout after 2 s (waiting for the answer)' }],
  ])('%s', async (_name, respond, expected) => {
    expect(await against(dnsProbe(dnsCheck), respond)).toEqual(expected);
  });

  it('gives a result for whatever bytes come back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 10, maxLength: 80 }), async (bytes) => {
        const result = await against(dnsProbe(dnsCheck), (query) => {
          const head = Buffer.from(query.subarray(0, 2));
          return [Buffer.concat([head, Buffer.from([0x80, 0]), Buffer.from(bytes)])];
        });
        expect(result.detail).not.toBe('');
      }),
      { numRuns: 100 },
    );
  });
});

describe('the exec probe', () => {
  const check: ExecCheck = { kind: 'exec', ...commonOf, argv: ['/bin/check', 'it'] };
  const probe = (exec: ExecPort['exec']): Promise<ProbeResult> =>
    execProbe(check, { exec })(target(80), AbortSignal.timeout(5000));

  it.each<[string, ExecPort['exec'], ProbeResult]>([
    ['status 0', () => Promise.resolve({ exitCode: 0, output: '' }), { ok: true, detail: 'exit 0' }],
    [
      'status 1 with words',
      () => Promise.resolve({ exitCode: 1, output: 'no\x1b[31m\ndisk\n' }),
      { ok: false, detail: 'exit 1: no [31m disk' },
    ],
    [
      'status 1 with a secret',
      () => Promise.resolve({ exitCode: 1, output: 'login with password=hunter22 failed' }),
      { ok: false, detail: 'exit 1: login with password=*** failed' },
    ],
    [
      'an engine that refuses',
      () => Promise.reject(new Error('no such container')),
      { ok: false, detail: 'no such container' },
    ],
  ])('%s', async (_name, exec, expected) => {
    expect(await probe(exec)).toEqual(expected);
  });

  it('runs the command with the task’s address and port in its environment', async () => {
    const calls: unknown[] = [];
    await probe((task, argv, { env }) => {
      calls.push({ task, argv, env });
      return Promise.resolve({ exitCode: 0, output: '' });
    });
    expect(calls).toEqual([
      { task: 'a', argv: ['/bin/check', 'it'], env: { SERVICE_IP: '127.0.0.1', SERVICE_PORT: '80' } },
    ]);
  });

  it('ends after its timeout, whatever the engine does', async () => {
    const controller = new AbortController();
    const result = execProbe(check, { exec: () => new Promise(() => undefined) })(
      target(80),
      controller.signal,
    );
    controller.abort('timeout after 2 s');
    expect(await result).toEqual({ ok: false, detail: 'timeout after 2 s (executing)' });
  });
});

describe('the TTL board', () => {
  it('counts a beat for its interval and no longer', async () => {
    let now = 0;
    const beats: string[] = [];
    const board = new TtlBoard(() => now);
    board.onBeat = (task) => beats.push(task);
    const probe = board.probe(30_000);
    const look = (): Promise<ProbeResult> => probe(target(0), new AbortController().signal);

    expect(await look()).toEqual({ ok: false, detail: 'no beat yet', local: true });
    board.beat('a', true, '3 jobs\nwaiting');
    now = 29_999;
    expect(await look()).toEqual({ ok: true, detail: '3 jobs waiting' });
    now = 30_000;
    expect(await look()).toEqual({ ok: false, detail: 'TTL expired: no beat for 30 s' });
    board.beat('a', false, '');
    expect(await look()).toEqual({ ok: false, detail: 'the task reports that it is not well' });
    board.forget('a');
    expect(await look()).toEqual({ ok: false, detail: 'no beat yet', local: true });
    now = 59_999;
    expect(await look()).toEqual({ ok: false, detail: 'no beat yet', local: true });
    now = 60_000;
    expect(await look()).toEqual({ ok: false, detail: 'no beat for 30 s' });
    expect(beats).toEqual(['a', 'a']);
  });
});
