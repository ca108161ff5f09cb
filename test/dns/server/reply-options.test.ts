import { describe, expect, it } from 'vitest';
import { createServerCookies } from '../../../src/dns/server/cookies.js';
import { answerOptions, nsidOf } from '../../../src/dns/server/reply-options.js';
import type { EdnsOption } from '../../../src/wire/edns.js';
import { hex, unhex } from '../../wire/helpers.js';

const context = { cookies: createServerCookies(), nsid: nsidOf('ns7') };
const tcp = { address: '10.0.0.1', idleTime: () => 10_000 };
const udp = { address: '10.0.0.1' };

const edns = (...options: readonly (readonly [number, string])[]) => ({
  udpSize: 1232,
  extendedRcode: 0,
  version: 0,
  dnssecOk: false,
  options: options.map(([code, data]): EdnsOption => ({ code, data: unhex(data) })),
});

const shown = ({ options }: ReturnType<typeof answerOptions>) =>
  options.map(({ code, data }) => `${code}:${code === 10 ? data.length : String(hex(data))}`);

describe('answerOptions', () => {
  it.each([
    ['a keepalive over TCP in units of 100 ms', edns([11, '']), tcp, ['11:0064']],
    ['no keepalive over UDP', edns([11, '']), udp, []],
    ['no keepalive that names a time, which is the server’s to name', edns([11, '00c8']), tcp, []],
    ['a name where it is asked for', edns([3, '']), udp, ['3:6e7337']],
    ['a cookie', edns([10, '0102030405060708']), udp, ['10:24']],
    ['no cookie of a wrong length', edns([10, '01']), udp, []],
    ['nothing else', edns([8, '000118000a2a00'], [9, ''], [12, '00'], [65001, ''], [42, '']), tcp, []],
    [
      'each once, however often it comes',
      edns(...Array.from({ length: 20 }, () => [3, ''] as const), [11, ''], [11, '']),
      tcp,
      ['3:6e7337', '11:0064'],
    ],
  ])('gives %s', (_, query, asker, expected) => {
    expect(shown(answerOptions(query, asker, context))).toEqual(expected);
  });

  it('takes the first of several cookies, and no option of another EDNS version', () => {
    const own = context.cookies.answer(unhex('0102030405060708'), udp.address).data;
    const two = edns([10, hex(own) ?? ''], [10, '0807060504030201']);
    expect(answerOptions(two, udp, context)).toMatchObject({ cookie: 'valid' });
    expect(answerOptions({ ...two, version: 1 }, udp, context)).toEqual({ options: [] });
  });

  it('reveals no name unless one is configured', () => {
    expect(answerOptions(edns([3, '']), udp, { cookies: context.cookies })).toEqual({ options: [] });
  });

  it.each(['', 'é'.repeat(65)])('refuses a name that is empty or too long', (text) => {
    expect(() => nsidOf(text)).toThrow(/^dns\.nsid has \d+ bytes, but .* dns\.nsid.*$/);
  });
});
