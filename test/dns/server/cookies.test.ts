import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createServerCookies } from '../../../src/dns/server/cookies.js';
import { isCookieHash } from '../../../src/wire/cookie.js';
import { ipBytes } from '../../../src/net/ip.js';
import { hex, unhex } from '../../wire/helpers.js';

const CLIENT = unhex('0102030405060708');
const ASKER = '10.42.0.7';
const MASTER = Buffer.alloc(16, 7);
/** A minute before a day of the clock ends. */
const EVENING = (20_000 * 86_400 - 60) * 1000;

function cookies(start = EVENING, master: Uint8Array = MASTER) {
  const clock = { ms: start };
  return { clock, ...createServerCookies({ master, clock: () => clock.ms }) };
}

describe('server cookies', () => {
  it('are given to a client without one, after its own', () => {
    const { state, data } = cookies().answer(CLIENT, ASKER);
    expect([state, data.length, hex(data.subarray(0, 9))]).toEqual(['new', 24, '010203040506070801']);
  });

  it.each([
    ['at once', 0, 'valid', true],
    ['after half an hour', 1800, 'valid', true],
    ['after more than that, with a fresh one', 1801, 'valid', false],
    ['after an hour, with a fresh one', 3600, 'valid', false],
    ['no longer after more than an hour', 3601, 'invalid', false],
    ['five minutes before they were made', -300, 'valid', true],
    ['not before that', -301, 'invalid', false],
  ])('are valid %s', (_, seconds, state, same) => {
    const server = cookies();
    const { data } = server.answer(CLIENT, ASKER);
    server.clock.ms += seconds * 1000;
    const later = server.answer(data, ASKER);
    expect([later.state, hex(later.data) === hex(data)]).toEqual([state, same]);
    expect(server.answer(later.data, ASKER).state).toBe('valid');
  });

  it('outlive the secret that made them, and are then replaced by new ones', () => {
    const server = cookies();
    const { data } = server.answer(CLIENT, ASKER);
    server.clock.ms += 120_000;
    expect(server.answer(data, ASKER).state).toBe('valid');
    const next = server.answer(CLIENT, ASKER).data;
    // The secret of the evening alone does not make the morning's cookie.
    const sameTime = cookies(server.clock.ms - 86_400_000).answer(CLIENT, ASKER).data;
    expect(hex(next.subarray(16))).not.toBe(hex(sameTime.subarray(16)));
    expect(server.answer(next, ASKER).state).toBe('valid');
  });

  it('are valid at every worker with the same master, and nowhere else', () => {
    const { data } = cookies().answer(CLIENT, ASKER);
    expect(cookies().answer(data, ASKER).state).toBe('valid');
    expect(cookies(EVENING, Buffer.alloc(16, 8)).answer(data, ASKER).state).toBe('invalid');
    expect(createServerCookies({ clock: () => EVENING }).answer(data, ASKER).state).toBe('invalid');
  });

  it('are valid only for the address for which they were made', () => {
    const server = cookies();
    expect(server.answer(server.answer(CLIENT, ASKER).data, '10.42.0.8').state).toBe('invalid');
    expect(server.answer(server.answer(CLIENT, '2001:db8::1').data, '2001:db8::1').state).toBe('valid');
  });

  it.each(['0.0.0.0', '10.42.0.7', '255.254.99.100', '2001:db8::1'])(
    'are those of RFC 9018 for %s',
    (address) => {
      const { data } = cookies().answer(CLIENT, address);
      const secret = createHmac('sha256', MASTER).update('19999').digest().subarray(0, 16);
      expect(isCookieHash(secret, data, ipBytes(address))).toBe(true);
    },
  );

  it('are invalid if any bit differs', () => {
    const server = cookies();
    const { data } = server.answer(CLIENT, ASKER);
    fc.assert(
      fc.property(fc.nat(24 * 8 - 1), (bit) => {
        const forged = Uint8Array.from(data);
        forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(server.answer(forged, ASKER).state).toBe('invalid');
      }),
    );
  });

  it('of any allowed length get a complete one back, and no view of the query', () => {
    const server = cookies();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 40 }), (asked) => {
        const { state, data } = server.answer(asked, ASKER);
        expect([state, data.length, hex(data.subarray(0, 8))]).toEqual([
          'invalid',
          24,
          hex(asked.subarray(0, 8)),
        ]);
      }),
    );
    const packet = Buffer.from(server.answer(CLIENT, ASKER).data);
    const echoed = server.answer(packet, ASKER).data;
    packet.fill(0);
    expect(server.answer(echoed, ASKER).state).toBe('valid');
  });
});
